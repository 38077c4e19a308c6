'use strict'
// Stands for what your product has already: a model that turns a question into SQL, runs it, and says what came out.
// The data is made up.

const known = [
  { words: ['revenue', 'region', 'sales'], title: 'Revenue by region', unit: '€ 1,000', chart: 'pie', table: 'sales.revenue',
    sql: 'SELECT region, sum(amount) FROM sales.revenue GROUP BY region',
    rows: [['EMEA', 412], ['Americas', 368], ['Asia', 251], ['Oceania', 64]] },
  { words: ['revenue', 'month', 'year', 'trend'], title: 'Revenue by month', unit: '€ 1,000', chart: 'line', table: 'sales.revenue',
    sql: "SELECT date_trunc('month', day) AS month, sum(amount) FROM sales.revenue GROUP BY month",
    rows: [['Jan', 71], ['Feb', 69], ['Mar', 84], ['Apr', 88], ['May', 97], ['Jun', 92], ['Jul', 79], ['Aug', 75], ['Sep', 101], ['Oct', 109], ['Nov', 118], ['Dec', 112]] },
  { words: ['order', 'open', 'status'], title: 'Open orders by status', unit: 'orders', chart: 'bar', table: 'sales.orders',
    sql: 'SELECT status, count(*) FROM sales.orders WHERE closed IS NULL GROUP BY status',
    rows: [['New', 38], ['Paid', 27], ['Packed', 19], ['On hold', 7]] },
  { words: ['deliver', 'late', 'carrier'], title: 'Late deliveries by carrier', unit: 'deliveries', chart: 'bar', table: 'sales.deliveries',
    sql: 'SELECT carrier, count(*) FROM sales.deliveries WHERE arrived > promised GROUP BY carrier',
    rows: [['Swift', 4], ['Parcel One', 11], ['Northern', 6]] },
  { words: ['stock', 'item', 'sell', 'best'], title: 'Stock of what sells best', unit: 'pieces', chart: 'bar', table: 'stock.items',
    sql: 'SELECT item, pieces FROM stock.items ORDER BY sold DESC LIMIT 5',
    rows: [['Kettle', 140], ['Lamp', 92], ['Chair', 61], ['Desk', 23], ['Shelf', 18]] }
]

const charts = ['bar', 'line', 'pie', 'table']

// answer(question, turn): the answer to a question, given the document of begin_turn() for it.
function answer (question, { routing }) {
  const asked = question.toLowerCase()
  const score = one => one.words.filter(word => asked.includes(word)).length + (routing.likely_tables.includes(one.table) ? 0.5 : 0)
  const best = known.reduce((a, b) => score(b) > score(a) ? b : a)

  if (score(best) === 0) {
    return { text: 'I have no data about that. Ask about revenue, orders, deliveries or stock.', rows: [], data: {} }
  }
  const [label, value] = best.rows.reduce((a, b) => b[1] > a[1] ? b : a)
  // The chart that the user prefers, or else what suits the data.
  const preferred = charts.includes(routing.default_chart_type) ? routing.default_chart_type : null
  return {
    text: `${best.title}: most is ${label}, with ${value} ${best.unit === '€ 1,000' ? 'thousand euros' : best.unit}.`,
    title: best.title,
    unit: best.unit,
    rows: best.rows,
    chart: preferred ?? best.chart,
    chosen: preferred ? routing.default_chart_source ?? 'learned' : 'data',
    sql: best.sql,
    // Those who know SQL see it at once.
    show_sql: routing.skill_level === 'advanced',
    data: { sql: best.sql, tables_used: [best.table] }
  }
}

module.exports = { answer, charts }
