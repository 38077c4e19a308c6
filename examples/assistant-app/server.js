'use strict'
// The server of a product with a personalized assistant. Every call of the extension is in `actions` below; all else is
// what any small server of Node has. The connection may go through PgBouncer with transaction pooling.

const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { Pool } = require('pg')
const { answer, charts } = require('./answers')

const pool = new Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 5000, query_timeout: 15000 })
pool.on('error', error => console.error(`idle connection: ${error.message}`))

// A mistake of whoever calls, with the status of HTTP.
class Refused extends Error {
  constructor (status, message) { super(message); this.status = status }
}

// transaction(tenant, work): runs work(query) in a transaction of the tenant. The tenant ends with the transaction, so
// nothing of it is left on a connection that a pooler gives to others.
async function transaction (tenant, work) {
  const client = await pool.connect()
  let broken
  try {
    await client.query('BEGIN')
    await client.query('SELECT personalization.use_tenant($1)', [tenant])
    const result = await work(async (text, values) => (await client.query(text, values)).rows)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(failure => { broken = failure })
    throw error
  } finally {
    client.release(broken)
  }
}

// A text from a request; what is not one goes no further.
function text (value) {
  if (typeof value !== 'string' || value.trim() === '' || value.length > 2000) throw new Refused(400, 'a text of 1 to 2,000 characters is missing')
  return value
}

// What the page may ask for. `me` is the user who is logged in, and the only place that tenant and user come from.
const actions = {
  'GET /api/me': async me => {
    const [{ enabled: learning }] = await transaction(me.tenant, query =>
      query('SELECT enabled FROM personalization.learning_enabled($1, $2)', [me.tenant, me.id]))

    return { ...me, learning, users: (await pool.query('SELECT id, name, tenant FROM users ORDER BY tenant, id')).rows, charts }
  },

  // Each time the user stops typing; `text` is what is in the box so far.
  'GET /api/suggestions': (me, { text: typed }) => transaction(me.tenant, query =>
    query(`SELECT suggestion_id, suggestion_type, suggestion, score, reason, evidence
           FROM personalization.get_suggestions($1, $2, context => $3, max_results => 4)`, [me.tenant, me.id, typed?.trim() || null])),

  // A turn takes two transactions: a model may need seconds, and a pooler can use the connection meanwhile.
  'POST /api/ask': async (me, { question, conversation_id: conversation, suggestion_id: suggestion }) => {
    const turn = await transaction(me.tenant, async query =>
      (await query('SELECT personalization.begin_turn($1, $2, $3, $4, max_suggestions => 0) AS turn', [me.tenant, me.id, text(question), conversation]))[0].turn)
    const reply = answer(question, turn)
    const { data, ...shown } = reply

    return transaction(me.tenant, async query => {
      // First, so that the request that follows from it is not taken for the user's own idea.
      if (suggestion) await query("SELECT personalization.record_outcome($1, $2, $3, 'accepted')", [me.tenant, me.id, suggestion])
      const [{ stored }] = await query('SELECT personalization.end_turn($1, $2, $3, $4, $5, $6) AS stored',
        [me.tenant, me.id, question, reply.text, turn.conversation_id, data])
      return { ...shown, conversation_id: stored.conversation_id }
    })
  },

  // "Not this".
  'POST /api/dismiss': (me, { suggestion_id: suggestion }) => transaction(me.tenant, query =>
    query("SELECT personalization.record_outcome($1, $2, $3, 'dismissed')", [me.tenant, me.id, text(suggestion)])),

  // The user has changed a chart; with `always`, for good.
  'POST /api/chart': (me, { chart, always }) => transaction(me.tenant, query => always
    ? query("SELECT personalization.set_preference($1, $2, 'visualization', 'preferred_chart_type', to_jsonb($3::text))", [me.tenant, me.id, text(chart)])
    : query("SELECT personalization.learn($1, $2, 'visualization', $3)", [me.tenant, me.id, { chart_type: text(chart) }])),

  'GET /api/preferences': me => transaction(me.tenant, query =>
    query(`SELECT category, key, value, confidence, observation_count AS seen, state, source
           FROM personalization.preferences($1, $2, min_confidence => 0)`, [me.tenant, me.id])),

  // "Why this?", of a preference.
  'GET /api/why': (me, { category, key }) => transaction(me.tenant, query =>
    query(`SELECT interaction_type, occurred_at, value, effect
           FROM personalization.explain_preference($1, $2, $3, $4) LIMIT 5`, [me.tenant, me.id, text(category), text(key)])),

  'POST /api/forget': (me, { category, key }) => transaction(me.tenant, query =>
    query('SELECT personalization.forget_preference($1, $2, $3, $4)', [me.tenant, me.id, text(category), text(key)])),

  // "Do not learn".
  'POST /api/learning': (me, { enabled }) => transaction(me.tenant, async query => {
    if (typeof enabled !== 'boolean') throw new Refused(400, 'enabled must be true or false')
    await query('SELECT personalization.set_learning($1, $2, $3)', [me.tenant, me.id, enabled])
  })
}

// Put your session here. This example believes what a cookie says, so it listens on this machine only.
async function loggedIn (request) {
  const id = /(?:^|; )user=([^;]*)/.exec(request.headers.cookie ?? '')?.[1] ?? 'ana'
  const { rows: [me] } = await pool.query('SELECT id, tenant, name FROM users WHERE id = $1', [id])

  if (!me) throw new Refused(401, 'nobody is logged in')
  return me
}

// What the page sends: JSON, which a form of another site cannot.
async function body (request) {
  const chunks = []
  let size = 0

  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) throw new Refused(415, 'JSON is expected')
  for await (const chunk of request) {
    size += chunk.length
    if (size > 100000) throw new Refused(413, 'the request is too large')
    chunks.push(chunk)
  }
  try { return Object(JSON.parse(Buffer.concat(chunks))) } catch { throw new Refused(400, 'the request is not JSON') }
}

const files = {
  '/': ['index.html', 'text/html'], '/app.js': ['app.js', 'text/javascript'], '/charts.js': ['charts.js', 'text/javascript'], '/style.css': ['style.css', 'text/css']
}
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

async function respond (request, send) {
  const url = new URL(request.url, 'http://localhost')
  const name = `${request.method} ${url.pathname}`

  if (request.method === 'GET' && Object.hasOwn(files, url.pathname)) {
    const [file, type] = files[url.pathname]
    return send(200, await fs.promises.readFile(path.join(__dirname, 'public', file)), { 'Content-Type': `${type}; charset=utf-8`, 'Content-Security-Policy': policy })
  }
  if (name === 'GET /me/profile') {
    const me = await loggedIn(request)
    const [{ page }] = await transaction(me.tenant, query => query('SELECT personalization.report($1, $2) AS page', [me.tenant, me.id]))
    return send(200, page, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
    })
  }
  if (!Object.hasOwn(actions, name)) throw new Refused(404, 'there is no such page')
  const me = await loggedIn(request)
  const result = await actions[name](me, request.method === 'POST' ? await body(request) : Object.fromEntries(url.searchParams))
  return send(200, JSON.stringify(result ?? null), { 'Content-Type': 'application/json' })
}

// The status and the text of an error. What the user can do nothing about goes to the log, not to them.
function explain (error) {
  if (error instanceof Refused) return [error.status, error.message]
  // Of the classes "data exception" and "no data found": the request is wrong, and PostgreSQL says how.
  if (/^(22|P0002)/.test(error.code ?? '')) return [400, [error.message, error.hint].filter(Boolean).join('. ')]
  console.error(error)
  return [503, 'The database cannot be reached, or failed. Please try again.']
}

const server = http.createServer((request, response) => {
  const send = (status, content, headers) => {
    response.writeHead(status, { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', ...headers })
    response.end(content)
  }
  respond(request, send).catch(error => {
    const [status, message] = explain(error)
    send(status, JSON.stringify({ error: message }), { 'Content-Type': 'application/json' })
  })
})

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`))
