// The page: a box to ask in, suggestions as one types, answers with charts, and what is known of the user beside it.
import { chart, element } from '/charts.js'

const at = id => document.getElementById(id)
const question = at('question')
let conversation = null
let kinds = []

// call(path[, body]): what the server answers. Errors are shown, and end what was going on.
async function call (path, body) {
  const request = body === undefined ? {} : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  let response, result
  try {
    response = await fetch(path, request)
    result = await response.json()
  } catch {
    return fail('The server does not answer. Please try again.')
  }
  if (!response.ok) return fail(result.error)
  at('error').hidden = true
  return result
}

function fail (message) {
  at('error').textContent = message
  at('error').hidden = false
  throw new Error(message)
}

// A button that does one thing at a time.
function button (label, work, attributes = {}) {
  const click = async () => {
    node.disabled = true
    try { await work() } finally { node.disabled = false }
  }
  const node = element('button', { type: 'button', ...attributes, click }, label)
  return node
}

// Opens or closes an explanation below what it is about.
async function explain (below, contents) {
  const open = below.querySelector(':scope > .why')
  if (open) return open.remove()
  below.append(element('div', { class: 'why' }, await contents()))
}

// Suggestions. Answers may come in another order than the questions: only the latest counts.
let latest = 0

async function suggest () {
  const mine = ++latest
  const offers = await call(`/api/suggestions?${new URLSearchParams({ text: question.value })}`)

  if (mine !== latest) return
  at('suggestions').replaceChildren(...offers.map(offer => {
    const item = element('li', {},
      button(offer.suggestion, () => ask(offer.suggestion, offer.suggestion_id), { class: 'offer' }),
      element('p', { class: 'note' }, offer.reason),
      element('p', { class: 'actions' },
        button('Why this?', () => explain(item, () => reasons(offer))),
        button('Not this', async () => {
          await call('/api/dismiss', { suggestion_id: offer.suggestion_id })
          await suggest()
        })))
    return item
  }))
  if (!offers.length) at('suggestions').append(element('li', { class: 'nothing' }, 'Nothing yet. It comes with use.'))
}

// The evidence of a suggestion: what is in it depends on the type.
const facts = {
  times_asked: ['you asked it', count => `${count} times`],
  last_asked: ['last', time => when(time)],
  rhythm: ['usually', plain],
  after: ['asked after', plain],
  table: ['about', plain],
  users: ['asked by', count => `${count} people`],
  description: ['is', plain]
}

function reasons ({ score, evidence: { contributions = {}, ...evidence } }) {
  const line = (name, value) => [element('dt', {}, name), element('dd', {}, value)]
  const parts = Object.entries(contributions).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 4)

  return element('dl', {},
    line('how likely', percent(score)),
    Object.entries(facts).filter(([name]) => evidence[name] != null).map(([name, [label, say]]) => line(label, say(evidence[name]))).flat(),
    parts.length ? element('p', {}, 'What counts for it (+) and against it (−):') : null,
    parts.map(([name, part]) => line(name.replaceAll('_', ' '), signed(part))).flat())
}

const percent = share => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
const signed = number => `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(2)}`
const when = time => new Date(time).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' })
function plain (value) {
  return typeof value === 'string' ? value : Array.isArray(value) ? value.map(plain).join(', ') : JSON.stringify(value)
}

// A turn.
async function ask (asked, suggestion = null) {
  const answer = await call('/api/ask', { question: asked, conversation_id: conversation, suggestion_id: suggestion })

  conversation = answer.conversation_id
  question.value = ''
  const turn = element('li', {}, element('p', { class: 'asked' }, asked), element('p', {}, answer.text))
  if (answer.rows.length) turn.append(figure(answer))
  at('talk').append(turn)
  turn.scrollIntoView({ block: 'nearest', behavior: 'smooth' })
  await Promise.all([suggest(), know()])
}

function figure (answer) {
  const place = element('div', { class: 'chart' }, chart(answer.chart, answer))
  const note = element('p', { class: 'note' })
  const choices = kinds.map(kind => button(kind, async () => {
    await call('/api/chart', { chart: kind })
    show(kind)
    note.replaceChildren(`Noted: ${kind}. `, button(`Always ${kind}`, async () => {
      await call('/api/chart', { chart: kind, always: true })
      note.textContent = `From now on, always ${kind}.`
      await know()
    }))
    await know()
  }))
  const show = kind => {
    place.replaceChildren(chart(kind, answer))
    choices.forEach((choice, n) => choice.setAttribute('aria-pressed', kinds[n] === kind))
  }
  const why = element('div', {}, button('Why this chart?', () => explain(why, () => ({
    data: 'It suits the data. You have not shown yet which chart you like.',
    organisation: 'Most people in your organisation use it.',
    set: 'You have chosen it for good.'
  })[answer.chosen] ?? origin('visualization', 'preferred_chart_type')), { class: 'link' }))

  show(answer.chart)
  return element('figure', {}, element('figcaption', {}, answer.title, element('span', { class: 'note' }, ` ${answer.unit}`)), place,
    element('div', { class: 'kinds', role: 'group', 'aria-label': 'Kind of chart' }, choices), note, why,
    element('details', { open: answer.show_sql }, element('summary', {}, 'SQL'), element('code', {}, answer.sql)))
}

// What made a preference: its latest interactions.
async function origin (category, key) {
  const made = await call(`/api/why?${new URLSearchParams({ category, key })}`)

  return made.length
    ? element('ul', {}, made.map(one => element('li', {},
      `${when(one.occurred_at)}: ${one.interaction_type}, ${plain(one.value)} `, element('b', {}, signed(one.effect * 100)))))
    : 'You have set it yourself.'
}

// What is known.
const names = {
  preferred_chart_type: 'Chart', frequent_table: 'Table', export_format: 'Export as', color_scheme: 'Colours', aggregation: 'Aggregate', group_by: 'Group by', filter: 'Filter'
}

function strength (share, state) {
  const filled = element('i')
  filled.style.width = `${share * 100}%`
  return element('span', { class: `strength ${state}`, 'aria-hidden': 'true' }, filled)
}

async function know () {
  const known = await call('/api/preferences')

  at('preferences').replaceChildren(...known.map(({ category, key, value, confidence, seen, state, source }) => {
    const kind = key.split(':')[0]
    const item = element('li', {},
      element('p', {}, `${names[kind] ?? kind.replaceAll('_', ' ')}: `, element('b', {}, plain(value))),
      strength(confidence, state),
      element('p', { class: 'note' }, source === 'set' ? 'set by you' : `${percent(confidence)}, seen ${seen} times${state === 'live' ? '' : ', not sure yet'}`),
      element('p', { class: 'actions' },
        button('Why this?', () => explain(item, () => origin(category, key))),
        button('Forget this', async () => {
          await call('/api/forget', { category, key })
          await know()
        })))
    return item
  }))
  if (!known.length) at('preferences').append(element('li', { class: 'nothing' }, 'Nothing.'))
}

function showLearning (enabled) {
  at('learning').checked = enabled
  at('learning-note').textContent = enabled ? 'What is not confirmed fades.' : 'Nothing you do is recorded. What was learned before stays until you have it forgotten.'
}

// The page as a whole.
async function start () {
  const me = await call('/api/me')

  kinds = me.charts
  at('tenant').textContent = me.tenant
  at('user').replaceChildren(...me.users.map(user => element('option', { value: user.id, selected: user.id === me.id }, `${user.name} (${user.tenant})`)))
  showLearning(me.learning)
  await Promise.all([suggest(), know()])
}

at('ask').addEventListener('submit', event => {
  event.preventDefault()
  if (question.value.trim()) ask(question.value.trim())
})
let typing
question.addEventListener('input', () => {
  clearTimeout(typing)
  typing = setTimeout(suggest, 200)
})
at('learning').addEventListener('change', async () => {
  const enabled = at('learning').checked
  try { await call('/api/learning', { enabled }); showLearning(enabled) } catch (error) { showLearning(!enabled); throw error }
})
at('user').addEventListener('change', () => {
  document.cookie = `user=${at('user').value}; SameSite=Strict; Path=/`
  location.reload()
})
at('open-page').addEventListener('click', () => {
  at('page').querySelector('iframe').src = '/me/profile'
  at('page').showModal()
})
at('close-page').addEventListener('click', () => at('page').close())
// A failed call has been shown by fail().
addEventListener('unhandledrejection', event => event.preventDefault())
start()
