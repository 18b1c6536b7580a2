// The API in Express and zod, which the documented errors look like. Start it with: PORT=4010 node express.js.
import express from 'express'
import { z } from 'zod'
import {
  AUDIENCES, DATE, FILTERS, InvalidQuery, MAX_LIMIT, MOMENTS, NOT_SUPPORTED, TIME, TITLE_LENGTH, VENDORS,
  cancel, create, envelope, isIssued, page, rateHeaders, update, writeStatus
} from './state.js'

const appointment = {
  appointment_date: z.union([z.iso.datetime({ offset: true }), z.string().regex(DATE)]),
  appointment_time: z.string().regex(TIME),
  appointment_duration_minutes: z.int().positive(),
  title: z.string().max(TITLE_LENGTH),
  notes: z.string().optional()
}
const creation = person => z.strictObject({
  integration_id: z.string(),
  [person]: z.string(),
  employee_id: z.string().optional(),
  ...appointment
})
const change = z.strictObject(appointment)
const cancellation = z.strictObject({ integration_id: z.string(), event_id: z.string() })
const optional = (names, schema) => Object.fromEntries(names.map(name => [name, schema.optional()]))
const query = z.object({
  'order-by': z.string().optional(),
  limit: z.coerce.number().int().min(0).max(MAX_LIMIT).optional(),
  offset: z.coerce.number().int().min(0).optional(),
  ...optional(MOMENTS, z.iso.datetime({ offset: true })),
  ...optional(Object.keys(FILTERS), z.string()),
  integration_vendor: z.enum(VENDORS).optional()
})

const app = express()

app.use((request, response, next) => {
  response.set(rateHeaders())
  next()
})

app.use((request, response, next) => {
  if (isIssued(request.get('authorization'))) return next()
  response.status(401).set('www-authenticate', 'Bearer').json(envelope(401, 'Bearer token missing or unknown'))
})

app.use(express.json())

for (const [audience, person] of Object.entries(AUDIENCES)) {
  const router = express.Router()
  const body = creation(person)
  router.post('/rentmanager/', (request, response) => {
    response.json(create(audience, body.parse(request.body)))
  })
  router.put('/rentmanager/:event_id', (request, response) => {
    response.json(update(request.params.event_id, change.parse(request.body)))
  })
  router.post('/cancel/rentmanager', (request, response) => {
    response.json(cancel(cancellation.parse(request.body)))
  })
  app.use(`/v1/events/appointments/${audience}`, router)
}

app.get('/v1/appointments/', (request, response) => {
  response.json(page(query.parse(request.query)))
})

app.get('/v1/admin/write-status/:root_job_id', (request, response) => {
  const status = writeStatus(request.params.root_job_id)
  if (status) return response.json(status)
  response.status(404).json(envelope(404, 'No such job'))
})

app.post('/v1/appointment-availability/rentmanager/', (request, response) => {
  response.status(405).json(envelope(405, NOT_SUPPORTED))
})

app.use((request, response) => {
  response.status(404).json(envelope(404, 'No such path'))
})

// Express tells an error handler by its four parameters.
app.use((error, request, response, next) => {
  if (error instanceof z.ZodError || error instanceof InvalidQuery) {
    // One in the other, as in the documentation's example.
    const details = { details: { issues: error.issues, name: error.name } }
    return response.status(400).json(envelope(400, 'invalid request', details))
  }
  // What express.json and the router refuse has a status of its own.
  const status = error.status ?? 500
  response.status(status).json(envelope(status, status < 500 ? error.message : 'internal error'))
})

app.listen(process.env.PORT, '127.0.0.1')
