// Charts of rows [label, value] as SVG, and as a table.

export function element (name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children)
}

function shape (name, attributes, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

// Texts become text nodes, so no text acts as markup, whoever wrote it. A function is the handler of an event.
function fill (node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value)
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? '' : value)
  }
  node.append(...children.flat().filter(child => child !== null))
  return node
}

const width = 560
const height = 220

export function chart (kind, { title, unit, rows }) {
  if (kind === 'table') {
    return element('table', {}, element('thead', {}, element('tr', {}, element('th', {}, title), element('th', { class: 'n' }, unit))),
      element('tbody', {}, rows.map(([label, value]) => element('tr', {}, element('th', {}, label), element('td', { class: 'n' }, String(value))))))
  }
  const said = `${title}, ${unit}: ${rows.map(row => row.join(' ')).join(', ')}`
  const draw = { bar, line, pie }[kind]
  return shape('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': said, class: kind }, draw(rows))
}

const most = rows => Math.max(1, ...rows.map(row => row[1]))

function bar (rows) {
  const step = height / rows.length
  const thick = Math.min(24, step * 0.55)

  return rows.map(([label, value], n) => {
    const long = Math.max(2, value / most(rows) * (width - 200))
    const middle = (n + 0.5) * step
    return [
      shape('text', { x: 120, y: middle + 5, 'text-anchor': 'end' }, label),
      shape('rect', { x: 132, y: middle - thick / 2, width: long, height: thick, rx: 4 }),
      shape('text', { x: 132 + long + 8, y: middle + 5, class: 'value' }, String(value))
    ]
  }).flat()
}

function line (rows) {
  const bottom = height - 30
  const x = n => 24 + n * (width - 48) / Math.max(1, rows.length - 1)
  const y = value => bottom - value / most(rows) * (bottom - 30)
  const points = rows.map((row, n) => `${x(n)},${y(row[1])}`).join(' ')

  return [
    shape('polygon', { points: `${x(0)},${bottom} ${points} ${x(rows.length - 1)},${bottom}`, class: 'under' }),
    shape('line', { x1: 0, x2: width, y1: bottom, y2: bottom, class: 'base' }),
    shape('polyline', { points }),
    rows.map(([label, value], n) => [
      shape('circle', { cx: x(n), cy: y(value), r: 3.5 }),
      shape('text', { x: x(n), y: y(value) - 10, 'text-anchor': 'middle', class: 'value' }, String(value)),
      shape('text', { x: x(n), y: height - 8, 'text-anchor': 'middle' }, label)
    ])
  ].flat(2)
}

// At most six slices: the smallest are added up.
function pie (all) {
  const sorted = [...all].sort((a, b) => b[1] - a[1])
  const rows = all.length > 6 ? [...sorted.slice(0, 5), ['Others', sorted.slice(5).reduce((total, row) => total + row[1], 0)]] : all
  const sum = rows.reduce((total, row) => total + row[1], 0) || 1
  const [cx, cy, r] = [120, height / 2, 96]
  const at = turn => `${cx + r * Math.sin(2 * Math.PI * turn)} ${cy - r * Math.cos(2 * Math.PI * turn)}`
  let turn = 0

  return rows.map(([label, value], n) => {
    const [from, share] = [turn, value / sum]
    const y = cy + (n - (rows.length - 1) / 2) * 30
    turn += share
    return [
      share > 0.999
        ? shape('circle', { cx, cy, r, class: `slice s${n % 6}` })
        : shape('path', { d: `M${cx} ${cy}L${at(from)}A${r} ${r} 0 ${share > 0.5 ? 1 : 0} 1 ${at(turn)}Z`, class: `slice s${n % 6}` }),
      shape('rect', { x: 260, y: y - 7, width: 14, height: 14, rx: 3, class: `s${n % 6}` }),
      shape('text', { x: 284, y: y + 5 }, label),
      shape('text', { x: width - 4, y: y + 5, 'text-anchor': 'end', class: 'value' }, `${value} (${Math.round(share * 100)} %)`)
    ]
  }).flat()
}
