// What the servers in this folder share: appointments, the jobs that wrote them, the count of requests.
// A server keeps to HTTP: it hands over what its framework validated and answers with what it gets back.
import { randomBytes, timingSafeEqual } from 'node:crypto'

/** The part of the path that says whose appointment it is, and the property that names the person. */
export const AUDIENCES = { leads: 'lead_id', applicants: 'applicant_id', residents: 'resident_id' }

/** Both are as documented: a day need not be in any calendar, and a longer text that holds a time fits. */
export const DATE = /^\d{4}-\d{2}-\d{2}$/
export const TIME = /(?:[01]\d|2[0123]):(?:[012345]\d):(?:[012345]\d)/

export const TITLE_LENGTH = 50
export const MAX_LIMIT = 250
export const NOT_SUPPORTED = 'Rent Manager does not support querying appointment availability.'
export const VENDORS = [
  'APPFOLIO', 'BUILDIUM', 'ELISEAI', 'ENTRATA', 'FUNNEL', 'KNOCK', 'MRI', 'PROPERTYWARE', 'PROPERTYWARE_REST',
  'REALPAGE', 'REALPAGE_RPX', 'RENTCAFE', 'RENTMANAGER', 'RENTVINE', 'RESMAN', 'SAMPLE1', 'SAMPLE2', 'YARDI',
  'YARDI_REST'
]

/** Query parameter -> the property that it selects by. */
export const FILTERS = {
  integration_id: 'integration_id',
  integration_vendor: 'integration_vendor',
  property_id: 'property_id',
  location_id: 'x_location_id', // an appointment shows no other id of it
  lead_id: 'associated_lead_ids',
  applicant_id: 'associated_applicant_ids',
  resident_id: 'associated_resident_ids',
  x_id: 'x_id',
  x_property_id: 'x_property_id',
  x_type_id: 'x_type_id'
}
const NEEDS = { x_id: 'x_property_id', x_type_id: 'x_property_id', x_property_id: 'integration_id' }
export const MOMENTS = ['updated_at_gte', 'updated_at_lte', 'last_seen_gte', 'last_seen_lte']

const WINDOW_MILLISECONDS = 60_000
/** Told and never reached: a mock that made its callers' tests wait would be of no use to them. */
const RATE_LIMIT = 100_000

/** A parameter of the listing that no schema can tell is wrong. */
export class InvalidQuery extends Error {
  constructor (parameter, message) {
    super(message)
    this.issues = [{ code: 'custom', path: [parameter], message }]
  }
}

const token = Buffer.from(process.env.PROPEXO_TOKEN)
const known = Object.fromEntries(
  ['integration_id', ...Object.values(AUDIENCES)].map(name => [name, process.env[`PROPEXO_${name.toUpperCase()}`]])
)
const appointments = new Map()
const cancelled = new Set()
const jobs = new Map()
let opened = 0
let used = 0

/** Whether an Authorization header holds the issued token; the time that the comparison takes tells nothing of it. */
export function isIssued (authorization = '') {
  const [, text] = /^bearer +(\S+)$/i.exec(authorization) ?? []
  const given = Buffer.from(text ?? '')
  return given.length === token.length && timingSafeEqual(given, token)
}

/** Count a request; return the headers that tell the limit and what is left of it. */
export function rateHeaders () {
  if (Date.now() - opened >= WINDOW_MILLISECONDS) [opened, used] = [Date.now(), 0]
  used += 1
  return { 'x-ratelimit-limit': `${RATE_LIMIT}`, 'x-ratelimit-remaining': `${Math.max(0, RATE_LIMIT - used)}` }
}

/** The body of an error; its code for 400 is documented, the others follow from the status. */
export function envelope (status, message, details) {
  const codes = { 400: 'invalid_request', 401: 'unauthorized', 404: 'not_found', 405: 'method_not_allowed' }
  return { error: { code: codes[status] ?? (status < 500 ? 'refused' : 'internal_error'), message, details } }
}

/** Queue a new appointment; return the answer, which has every property, null where it was not sent. */
export function create (audience, body) {
  const errors = strangers(body)
  let record = null
  if (!errors.length) {
    record = newId()
    appointments.set(record, appointment(record, body))
  }
  const blank = { integration_id: null, [AUDIENCES[audience]]: null, employee_id: null, notes: null }
  return queued({ ...blank, ...body }, errors, record)
}

/** Queue a change; notes that are not sent stay as they are. */
export function update (eventId, body) {
  const errors = missing(eventId)
  if (!errors.length) Object.assign(appointments.get(eventId), shown(body), { updated_at: now(), last_seen: now() })
  return queued({ event_id: eventId, ...body }, errors)
}

/** Queue a cancellation; what was seen once stays listed. */
export function cancel (body) {
  const errors = [...strangers(body), ...missing(body.event_id)]
  if (!errors.length) cancelled.add(body.event_id)
  return queued(body, errors)
}

/** What became of a job: the first read finds it pending, every later one its end. Nothing if there is no such job. */
export function writeStatus (jobId) {
  const job = jobs.get(jobId)
  if (!job) return undefined
  job.reads += 1
  if (job.reads === 1) return { write_status: 'PENDING', errors: [], created_record_id: null }
  const status = job.errors.length ? 'FAILURE' : 'SUCCESS'
  return { write_status: status, errors: job.errors, created_record_id: job.record }
}

/** The page that a query asks for. */
export function page ({ 'order-by': orderBy = 'created_at:desc', limit = 100, offset = 0, ...filters }) {
  for (const [name, other] of Object.entries(NEEDS)) {
    if (name in filters && !(other in filters)) throw new InvalidQuery(other, `Required beside ${name}`)
  }
  const order = orderBy.split(',').map(ordering)
  const items = [...appointments.values()].filter(item => isSelected(item, filters))
  items.sort((one, other) => order.reduce((found, by) => found || compare(one, other, by), 0))
  const results = items.slice(offset, offset + limit)
  const hasMore = offset + results.length < items.length
  return { meta: { offset, limit, orderBy: order, hasMore, total: items.length }, results }
}

function ordering (entry) {
  const [field, direction = 'asc', ...rest] = entry.split(':')
  if (!SORTABLE.has(field) || !['asc', 'desc'].includes(direction) || rest.length) {
    throw new InvalidQuery('order-by', 'Takes properties of an appointment, each with :asc, :desc or neither')
  }
  return { field, direction }
}

function compare (one, other, { field, direction }) {
  const [left, right] = [one, other].map(item => item[field] === null ? '\uffff' : `${item[field]}`)
  const found = left < right ? -1 : Number(left > right)
  return direction === 'asc' ? found : -found
}

function isSelected (item, filters) {
  return Object.entries(filters).every(([name, wanted]) => {
    if (name.endsWith('_gte')) return new Date(item[name.slice(0, -4)]) >= new Date(wanted)
    if (name.endsWith('_lte')) return new Date(item[name.slice(0, -4)]) <= new Date(wanted)
    return [item[FILTERS[name]]].flat().includes(wanted)
  })
}

function queued (result, errors, record = null) {
  const jobId = newId()
  jobs.set(jobId, { errors, record, reads: 0 })
  return { meta: { job_id: jobId }, result }
}

function strangers (body) {
  const unknown = Object.keys(known).filter(name => name in body && body[name] !== known[name])
  return unknown.map(name => `The ${name} is unknown.`)
}

function missing (eventId) {
  const found = appointments.has(eventId) && !cancelled.has(eventId)
  return found ? [] : ['The appointment was not found in Rent Manager.']
}

function appointment (id, body) {
  const persons = Object.values(AUDIENCES).map(name => [FILTERS[name], name in body ? [body[name]] : []])
  return {
    id,
    created_at: now(),
    updated_at: now(),
    last_seen: now(),
    x_id: `${appointments.size + 1}`,
    x_property_id: '7',
    x_leasing_agent_id: null,
    x_type_id: null,
    x_location_id: '3',
    event_datetime: null,
    type_raw: 'Appointment',
    notes: null,
    agent_name: null,
    reasons_for_event: null,
    integration_id: body.integration_id,
    integration_vendor: 'RENTMANAGER',
    property_id: 'clwi5xiix000008l6ctdgafyh',
    ...Object.fromEntries(persons),
    ...shown(body)
  }
}

function shown ({ title, notes, appointment_date: date, appointment_time: time }) {
  const always = { event_name: title, appointment_datetime: `${date.slice(0, 10)}T${time}` }
  return notes === undefined ? always : { ...always, notes }
}

function newId () {
  return `c${randomBytes(12).toString('hex')}`
}

function now () {
  return new Date().toISOString()
}

const SORTABLE = new Set(Object.keys(appointment('', { title: '', appointment_date: '', appointment_time: '' })))
