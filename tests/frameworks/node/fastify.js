// The API in Fastify, whose schemas are JSON Schema. Start it with: PORT=4010 node fastify.js.
import Ajv from 'ajv'
import addFormats from 'ajv-formats'
import fastify from 'fastify'
import {
  AUDIENCES, DATE, FILTERS, InvalidQuery, MAX_LIMIT, MOMENTS, NOT_SUPPORTED, TIME, TITLE_LENGTH, VENDORS,
  cancel, create, envelope, isIssued, page, rateHeaders, update, writeStatus
} from './state.js'

const text = { type: 'string' }
const appointment = {
  appointment_date: { type: 'string', anyOf: [{ format: 'date-time' }, { pattern: DATE.source }] },
  appointment_time: { type: 'string', pattern: TIME.source },
  appointment_duration_minutes: { type: 'integer', exclusiveMinimum: 0 },
  title: { type: 'string', maxLength: TITLE_LENGTH },
  notes: text
}
const object = (properties, optional) => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter(name => !optional.includes(name)),
  additionalProperties: false
})
const creation = person => object(
  { integration_id: text, [person]: text, employee_id: text, ...appointment }, ['employee_id', 'notes']
)
const change = object(appointment, ['notes'])
const cancellation = object({ integration_id: text, event_id: text }, [])
const every = (names, schema) => Object.fromEntries(names.map(name => [name, schema]))
const querystring = {
  type: 'object',
  properties: {
    'order-by': text,
    limit: { type: 'integer', minimum: 0, maximum: MAX_LIMIT },
    offset: { type: 'integer', minimum: 0 },
    ...every(MOMENTS, { type: 'string', format: 'date-time' }),
    ...every(Object.keys(FILTERS), text),
    integration_vendor: { type: 'string', enum: VENDORS }
  },
  additionalProperties: false
}

const app = fastify()

// Fastify's own validator makes "30" of 30 and drops what a body has too much: right for a query, wrong for a body.
const validators = {
  body: addFormats(new Ajv({ allErrors: true })),
  querystring: addFormats(new Ajv({ coerceTypes: true, removeAdditional: true }))
}
app.setValidatorCompiler(({ schema, httpPart }) => validators[httpPart].compile(schema))

app.addHook('onRequest', async (request, reply) => {
  reply.headers(rateHeaders())
  if (isIssued(request.headers.authorization)) return
  reply.code(401).header('www-authenticate', 'Bearer')
  return reply.send(envelope(401, 'Bearer token missing or unknown'))
})

app.setNotFoundHandler((request, reply) => {
  reply.code(404).send(envelope(404, 'No such path'))
})

app.setErrorHandler((error, request, reply) => {
  if (error.validation || error instanceof InvalidQuery) {
    return reply.code(400).send(envelope(400, 'invalid request', { issues: error.validation ?? error.issues }))
  }
  // What Fastify itself refuses has a status of its own.
  const status = error.statusCode ?? 500
  reply.code(status).send(envelope(status, status < 500 ? error.message : 'internal error'))
})

for (const [audience, person] of Object.entries(AUDIENCES)) {
  app.register(async appointments => {
    appointments.post('/rentmanager/', { schema: { body: creation(person) } }, async ({ body }) => create(audience, body))
    appointments.put('/rentmanager/:event_id', { schema: { body: change } }, async ({ params, body }) => (
      update(params.event_id, body)
    ))
    appointments.post('/cancel/rentmanager', { schema: { body: cancellation } }, async ({ body }) => cancel(body))
  }, { prefix: `/v1/events/appointments/${audience}` })
}

app.get('/v1/appointments/', { schema: { querystring } }, async request => page(request.query))

app.get('/v1/admin/write-status/:root_job_id', async (request, reply) => (
  writeStatus(request.params.root_job_id) ?? reply.code(404).send(envelope(404, 'No such job'))
))

app.post('/v1/appointment-availability/rentmanager/', async (request, reply) => (
  reply.code(405).send(envelope(405, NOT_SUPPORTED))
))

await app.listen({ port: process.env.PORT, host: '127.0.0.1' })
