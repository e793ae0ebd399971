'use strict'
const kept = 500, waiting = 300 // records shown, and to be shown
const $ = id => document.getElementById(id)

// visible shows control characters and those that turn the direction of text by
// their numbers: hostile text may hide in them.
const visible = text => String(text)
  .replace(/[\0-\x08\x0b-\x1f]/g, c => String.fromCharCode(0x2400 + c.charCodeAt(0)))
  .replace(/[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, c => `⟨${c.charCodeAt(0).toString(16).padStart(4, '0')}⟩`)

// el makes an element. Text becomes text, never markup.
function el(tag, name, ...content) {
  const e = document.createElement(tag)
  e.className = name
  for (const c of content) {
    if (c instanceof Node) e.appendChild(c)
    else if (content.length === 1) e.textContent = visible(c)
    else e.appendChild(el('span', '', c))
  }
  return e
}

const clock = (ms, digits) => new Date(ms).toLocaleTimeString('en-GB', {
  hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: digits,
})
const count = n => n.toLocaleString('en')
const many = (n, one, more = one + 's') => `${count(n)} ${n === 1 ? one : more}`
function bytes(n) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let i = 0
  for (; n >= 1000 && i < units.length - 1; i++) n /= 1000
  return `${i ? n.toPrecision(3) : n} ${units[i]}`
}
const shortened = t => t.text + (t.more ? ` … ${many(t.more, 'byte')} more` : '')

// sync shows a list. An element stays as it is while what it shows does.
function sync(parent, list, key, make) {
  const before = parent.shown ?? new Map()
  parent.shown = new Map()
  list.forEach((item, i) => {
    const json = JSON.stringify(item), had = before.get(key(item))
    const node = had?.json === json ? had.node : make(item, had?.node)
    parent.shown.set(key(item), { json, node })
    if (had && had.node !== node) had.node.remove()
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null)
  })
  while (parent.children.length > list.length) parent.lastElementChild.remove()
}

function message(m) {
  const body = el('span', 'body', m.deleted ? 'deleted' : shortened(m.body))
  body.dir = 'auto'
  const e = el('li', m.deleted ? 'deleted' : '', el('time', '', clock(m.time)), el('b', '', m.from), body)
  if (m.binary) body.className = 'body mono'
  const notes = m.deleted ? '' : [m.type === 66 || m.type === 30 ? '' : `type ${m.type}`, m.binary ? 'binary' : ''].filter(Boolean).join(', ')
  if (notes) e.append(el('i', '', notes))
  if (m.attrs.text && m.attrs.text !== '{}') e.append(el('code', '', shortened(m.attrs)))
  e.title = `id ${m.id}, type ${m.type}`
  return e
}

function conversation(c, e) {
  if (!e) {
    e = el('details', '', el('summary', ''), el('ol', ''))
    e.open = $('conversations').children.length < 6
  }
  const [summary, messages] = e.children
  summary.replaceChildren(el('strong', '', c.name), el('span', 'number', `${count(c.sent)} sent`), el('time', '', clock(c.newest)))
  sync(messages, c.messages, m => `${m.from} ${m.id} ${m.time}`, message)
  return e
}

const row = (...cells) => el('tr', '', ...cells.map(c => c instanceof Node ? c : el('td', 'number', c)))
const connection = c => row(c.number, el('td', 'mono', c.remote), count(c.quests), bytes(c.bytesIn), bytes(c.bytesOut))
const members = m => el('li', '', el('strong', '', m.name), el('span', 'number', m.count),
  el('span', 'body', m.users.join(' ') + (m.count > m.users.length ? ' …' : '')))

function show(s) {
  const c = s.counts
  sync($('counts'), [many(c.connections, 'connection'), many(c.quests, 'quest'), many(c.messages, 'message'), many(c.listeners, 'listener'),
    `${bytes(c.bytesIn)} in`, `${bytes(c.bytesOut)} out`], t => t.replace(/^[\d.,]+ /, ''), t => el('li', '', t))
  sync($('conversations'), s.conversations, c => c.name, conversation)
  $('left').textContent = s.leftOut ? `${many(s.leftOut, 'message is', 'messages are')} left out: all together are too long` : ''
  sync($('connections'), s.connections, c => c.number, connection)
  sync($('listeners'), s.listeners, l => l.text, l => el('li', '', shortened(l)))
  const named = (kind, all) => all.map(m => ({ ...m, name: `${kind} ${m.id}` }))
  sync($('members'), [...named('group', s.groups), ...named('room', s.rooms)], m => m.name, members)
}

// refresh shows the state soon: not at once for each of a thousand records.
let wanted = false, running = false, done = 0
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
async function refresh() {
  wanted = true
  if (running) return
  running = true
  while (wanted) {
    await pause(Math.max(50, done + 500 - performance.now()))
    wanted = false
    try {
      const answer = await fetch('api/state', { signal: AbortSignal.timeout(5000) })
      if (answer.ok) show(await answer.json())
    } catch { /* the stream's state tells */ }
    done = performance.now()
  }
  running = false
}

// The journal: the newest record is on top.
let run = '', last = 0, queue = [], drawing = false
function record(r) {
  const full = shortened(r.payload), short = full.replace(/"(pid|sign|salt|ts)":("[^"]*"|-?\d+)(, )?/g, '') // all quests are signed
  const text = el('summary', '', short), payload = el('details', '', text)
  payload.ontoggle = () => { text.textContent = visible(payload.open ? full : short) }
  const method = el('td', 'method', el('span', '', r.method || 'answer'), el('i', '', r.kind + (r.seq ? ` #${r.seq}` : '')))
  if (r.code) method.append(el('em', '', r.code))
  const arrow = el('span', 'arrow', r.out ? '←' : '→')
  arrow.title = r.out ? 'from the gate' : 'from the client'
  const e = row(r.n, clock(r.time, 3), el('td', 'conn', el('span', '', r.conn), arrow), method, el('td', 'payload', payload))
  e.className = (r.out ? 'out' : 'in') + (r.code ? ' failed' : '')
  return e
}
function gap(n, first) {
  const text = first ? `${many(n, 'older record is', 'older records are')} not shown` : `${many(n, 'record was', 'records were')} missed`
  const e = el('tr', 'gap', el('td', '', text))
  e.firstChild.colSpan = 5
  return e
}
const sift = e => { e.hidden = !e.textContent.toLowerCase().includes($('filter').value.toLowerCase()) }
function draw() {
  drawing = false
  if ($('pause').checked) return
  const rows = $('journal')
  for (const r of queue.splice(0)) {
    if (r.run !== run) {
      run = r.run
      last = 0
      rows.replaceChildren()
    }
    if (r.n <= last) continue
    const added = r.n > last + 1 ? [record(r), gap(r.n - last - 1, last === 0)] : [record(r)]
    last = r.n
    added.forEach(sift)
    rows.prepend(...added)
  }
  while (rows.children.length > kept) rows.lastElementChild.remove()
}
function soon() {
  if (!drawing) requestAnimationFrame(draw)
  drawing = true
}
function follow() {
  const source = new EventSource('api/journal')
  const status = text => { $('status').textContent = $('status').className = text }
  source.onopen = () => status('live')
  source.onmessage = e => {
    queue.push({ run: e.lastEventId.split('-')[0], ...JSON.parse(e.data) })
    if (queue.length > waiting) queue.shift()
    soon()
    refresh()
  }
  source.onerror = () => {
    status('reconnecting')
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 3000)
  }
}
$('filter').oninput = () => [...$('journal').children].forEach(sift)
$('pause').onchange = soon
follow()
refresh()
setInterval(refresh, 5000) // connections end without a record
