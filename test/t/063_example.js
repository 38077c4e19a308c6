'use strict'
// What people do in examples/assistant-app, in Chromium, driven by playwright-core. Prints a line "ok NAME" or
// "not ok NAME: why" for each thing that it looks at. Called by 063_example.pl:
//   node 063_example.js CHROMIUM URL [down]
// The exit status is 77 where the browser does not start.

const { chromium } = require('playwright-core')
const [program, url, down] = process.argv.slice(2)

function is (name, got, wanted) {
  const same = JSON.stringify(got) === JSON.stringify(wanted)
  console.log(same ? `ok ${name}` : `not ok ${name}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
}

// Waits until something is as it should be, and says so.
async function becomes (name, get, wanted) {
  const end = Date.now() + 60000
  let got
  do {
    got = await get()
    if (JSON.stringify(got) === JSON.stringify(wanted)) break
    await new Promise(resolve => setTimeout(resolve, 50))
  } while (Date.now() < end)
  is(name, got, wanted)
}

const said = []
let browser

// The page as a user sees it, once it has loaded what it shows.
async function as (user, width = 1280, colorScheme = 'light') {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme })
  await context.addCookies([{ name: 'user', value: user, url }])
  const page = await context.newPage()
  page.setDefaultTimeout(60000)
  page.on('console', message => said.push(`${user}: ${message.text()}`))
  page.on('pageerror', error => said.push(`${user}: ${error.message}`))
  page.on('dialog', dialog => { said.push(`${user}: ${dialog.message()}`); dialog.dismiss() })
  page.on('request', request => { if (!request.url().startsWith(url) && !request.url().startsWith('data:')) said.push(`${user}: ${request.url()}`) })
  await open(page)
  return page
}

async function open (page) {
  await page.goto(url)
  await page.locator('#suggestions > li').first().waitFor()
  await page.locator('#preferences > li').first().waitFor()
}

const offers = page => page.locator('#suggestions .offer').allTextContents()
const known = page => page.locator('#preferences > li > p:first-child').allTextContents()
const last = page => page.locator('#talk > li').last()

async function ask (page, question) {
  const turns = await page.locator('#talk > li').count()
  await page.fill('#question', question)
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
  await page.locator('#talk > li').nth(turns).waitFor()
}

async function choose (page, kind) {
  const stored = page.waitForResponse(response => response.url().endsWith('/api/chart'))
  await last(page).getByRole('button', { name: kind, exact: true }).click()
  is(`choosing ${kind} is stored`, (await stored).status(), 200)
}

const drawn = page => last(page).locator('.chart > *').evaluate(node => node.getAttribute('class') ?? node.localName)

async function suggestions () {
  const ana = await as('ana')

  is('Ana is offered what she asks', (await offers(ana)).includes('Open orders?'), true)
  const offer = ana.locator('#suggestions > li', { hasText: 'Open orders?' })
  is('with a reason', /\w+ \w+/.test(await offer.locator('.note').textContent()), true)
  await offer.getByRole('button', { name: 'Why this?' }).click()
  is('and evidence', /how likely\d.*What counts for it.*[+−]\d/.test(await offer.locator('.why').textContent()), true)

  await ana.locator('#question').pressSequentially('late deliv', { delay: 20 })
  await becomes('while she types, what fits comes first', async () => (await offers(ana))[0], 'Which deliveries are late?')
  await ana.locator('.offer', { hasText: 'Which deliveries are late?' }).click()
  await becomes('a click asks it', () => ana.locator('.asked').allTextContents(), ['Which deliveries are late?'])
  is('and the box is empty again', await ana.inputValue('#question'), '')

  await ask(ana, 'Revenue by region?')
  is('her chart is the one that she likes', await drawn(ana), 'bar')
  is('and is large enough to see', await last(ana).locator('svg').evaluate(node => node.getBoundingClientRect().height > 100), true)
  await last(ana).getByRole('button', { name: 'Why this chart?' }).click()
  await last(ana).locator('.why li').first().waitFor()
  is('because of what she did', /visualization, bar \+/.test(await last(ana).locator('.why li').first().textContent()), true)

  const unwanted = ana.locator('#suggestions > li', { hasText: 'Open orders?' })
  await unwanted.getByRole('button', { name: 'Not this' }).click()
  await becomes('what she does not want is gone', async () => (await offers(ana)).includes('Open orders?'), false)
  await open(ana)
  is('for good', (await offers(ana)).includes('Open orders?'), false)

  await ana.locator('#preferences > li', { hasText: 'sales.orders' }).getByRole('button', { name: 'Forget this' }).click()
  await becomes('what is to be forgotten is gone', async () => (await known(ana)).includes('Table: sales.orders'), false)
  await open(ana)
  is('for good too', [(await known(ana)).includes('Table: sales.orders'), (await known(ana)).includes('Chart: bar')], [false, true])

  await ana.getByRole('button', { name: /^Your page/ }).click()
  const page = ana.frameLocator('iframe')
  is('her page is about her', await page.locator('h1').textContent(), 'ana')
  is('and is held at a distance', await ana.locator('iframe').getAttribute('sandbox'), '')
}

async function charts () {
  const eve = await as('eve')

  is('another tenant has nothing of all this', [await offers(eve), await known(eve)], [[], []])
  await ask(eve, 'Revenue by region?')
  is('a chart of somebody unknown suits the data', await drawn(eve), 'pie')
  await last(eve).getByRole('button', { name: 'Why this chart?' }).click()
  is('and says so', /suits the data/.test(await last(eve).locator('.why').textContent()), true)
  for (const kind of ['bar', 'bar', 'bar']) await choose(eve, kind)
  is('the chart changes', await drawn(eve), 'bar')
  await ask(eve, 'Revenue by month?')
  is('after three times it is the default', await drawn(eve), 'bar')
  await choose(eve, 'table')
  await last(eve).getByRole('button', { name: 'Always table' }).click()
  await becomes('a choice for good is known', async () => (await known(eve)).includes('Chart: table'), true)
  await ask(eve, 'Open orders?')
  is('and holds', await drawn(eve), 'table')
  await ask(eve, 'What is love?')
  is('a question without an answer has no chart', await last(eve).locator('figure').count(), 0)
}

async function refusal () {
  const bo = await as('bo')
  const stored = bo.waitForResponse(response => response.url().endsWith('/api/learning'))

  await bo.locator('#learning').uncheck()
  is('refusing is stored', (await stored).status(), 200)
  await ask(bo, 'Open orders in secret?')
  await open(bo)
  is('and is still so later', await bo.locator('#learning').isChecked(), false)
}

async function hostile () {
  const cy = await as('cy')
  const text = '<img src=x onerror="window.acted = 1"><script>window.acted = 1</script> orders?'

  await ask(cy, text)
  is('markup is shown as text', await last(cy).locator('.asked').textContent(), text)
  await ask(cy, 'Open orders?')
  await becomes('also where it is suggested', async () => (await offers(cy)).includes(text), true)
  is('and does not act', await cy.evaluate(() => [document.images.length, document.scripts.length, window.acted ?? 0]), [0, 1, 0])

  const send = (path, data, headers) => cy.request.post(`${url}${path}`, { data, headers })
  const wrong = await send('api/dismiss', { suggestion_id: 'x' })
  is('a wrong request is refused', [wrong.status(), /invalid input syntax for type uuid/.test((await wrong.json()).error)], [400, true])
  is('so is one without a text', (await send('api/ask', { question: ['a'] })).status(), 400)
  is('and one that is not JSON', (await send('api/ask', 'question=a', { 'Content-Type': 'text/plain' })).status(), 415)
  const gone = await send('api/dismiss', { suggestion_id: '01890000-0000-7000-8000-000000000000' })
  is('a suggestion of nobody is an error', [gone.status(), /does not exist/.test((await gone.json()).error)], [400, true])
  is('there is no other page', (await cy.request.get(`${url}__proto__`)).status(), 404)
}

// Nothing sticks out, and all text can be read, wide and narrow, light and dark.
async function looks () {
  for (const [width, scheme] of [[1280, 'light'], [380, 'dark']]) {
    const ana = await as('ana', width, scheme)
    await ask(ana, 'Revenue by month?')
    await choose(ana, 'line')
    is(`nothing sticks out at ${width} pixels`, await ana.evaluate(() => {
      const wide = document.documentElement.clientWidth
      return [...document.querySelectorAll('body *')].filter(node => node.getBoundingClientRect().right > wide + 1).map(node => node.outerHTML.slice(0, 80))
    }), [])
    is(`the page is ${scheme}`, await ana.evaluate(() => getComputedStyle(document.body).backgroundColor), { light: 'rgb(251, 250, 248)', dark: 'rgb(20, 22, 24)' }[scheme])
  }
}

// The database is away: the page says so.
async function without () {
  const context = await browser.newContext()
  const page = await context.newPage()

  await page.goto(url)
  await page.locator('[role=alert]:not([hidden])').waitFor({ timeout: 60000 })
  is('without a database the page says so', await page.locator('[role=alert]').textContent(), 'The database cannot be reached, or failed. Please try again.')
}

async function main () {
  try {
    browser = await chromium.launch({ executablePath: program, timeout: 120000, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
  } catch (error) {
    console.error(error.message)
    process.exit(77)
  }
  for (const part of down ? [without] : [suggestions, charts, refusal, hostile, looks]) {
    try { await part() } catch (error) { console.log(`not ok ${part.name}: ${error.message.replaceAll('\n', ' ')}`) }
  }
  if (!down) is('no page complained, opened a dialog or asked others for anything', said, [])
  await browser.close()
}
main()
