-- The one filter of the built-in renderer: Quarto's callouts, captions, cross-references and conditional blocks,
-- written for HTML, Typst (PDF) and Word. Attributes are lists of pairs: a Lua table has no order, so neither
-- would the document.

local HTML, TYPST, WORD = FORMAT:match 'html' ~= nil, FORMAT == 'typst', FORMAT == 'docx'
local OUTPUT = HTML and 'html' or FORMAT
local WORDS = { fig = 'Figure', tbl = 'Table', sec = 'Section' }
local KINDS = { note = 'Note', tip = 'Tip', warning = 'Warning', important = 'Important', caution = 'Caution' }
local LONG = 6 -- rows: a shorter table stays on one page of the PDF
local numbers = {}

local function raw(text) return pandoc.RawBlock(OUTPUT, text) end
local function raw_inline(text) return pandoc.RawInline(OUTPUT, text) end
local function quoted(text) return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"') .. '"' end

-- pandoc gives a list its own style whatever holds it, so a style goes into every item as well.
local function styled(name, blocks)
  local attributes = pandoc.Attr('', {}, { { 'custom-style', name } })
  local function items(list)
    return list.content:map(function(item) return { pandoc.Div(item, attributes) } end)
  end
  local inner = pandoc.Blocks(blocks):walk {
    Plain = function(plain) return pandoc.Para(plain.content) end,
    BulletList = function(list) return pandoc.BulletList(items(list)) end,
    OrderedList = function(list) return pandoc.OrderedList(items(list), list.listAttributes) end,
  }
  return pandoc.Div(inner, attributes)
end

local function callout_kind(div)
  for kind in pairs(KINDS) do
    if div.classes:includes('callout-' .. kind) then return kind end
  end
end

-- Before numbering: leave out what this format does not show; take the title out of a callout, so that a title
-- written as a heading is no heading of the document.

local function hidden(div)
  local visible, off = div.classes:includes 'content-visible', div.classes:includes 'content-hidden'
  if not visible and not off then return nil end
  local wanted, unwanted = div.attributes['when-format'], div.attributes['unless-format']
  local matches = (wanted == nil or wanted == OUTPUT) and unwanted ~= OUTPUT
  return matches ~= visible
end

local function prepare(div)
  local is_hidden = hidden(div)
  if is_hidden ~= nil then return is_hidden and {} or div.content end
  local kind = callout_kind(div)
  if kind == nil then return nil end
  local title = div.attributes.title and pandoc.read(div.attributes.title, 'markdown').blocks[1].content
  if not title and div.content[1] and div.content[1].t == 'Header' then
    title = div.content:remove(1).content
  end
  div.content:insert(1, pandoc.Plain(title or { pandoc.Str(KINDS[kind]) }))
  div.attributes.title = nil
  return div
end

-- Numbering, in reading order; the number is text, so it is the same in every format.

local sections, counts = {}, { fig = 0, tbl = 0 }

local function section_number(level)
  for deeper = level + 1, 6 do sections[deeper] = 0 end
  sections[level] = (sections[level] or 0) + 1
  local parts = {}
  for at = 2, level do parts[#parts + 1] = tostring(sections[at] or 0) end
  return table.concat(parts, '.')
end

local function number_heading(header)
  local number = section_number(header.level)
  numbers[header.identifier] = number
  local shown = HTML and pandoc.Span(pandoc.Str(number), pandoc.Attr('', { 'header-section-number' })) or pandoc.Str(number)
  header.content:insert(1, pandoc.Space())
  header.content:insert(1, shown)
  -- In HTML the title is the h1; PDF and Word have a title of their own, and their outline starts at level 1.
  if not HTML then header.level = header.level - 1 end
  return header
end

local function number_float(kind, float)
  counts[kind] = counts[kind] + 1
  numbers[float.identifier] = tostring(counts[kind])
  local words = pandoc.Inlines { pandoc.Str(WORDS[kind] .. '\u{a0}' .. counts[kind] .. ':'), pandoc.Space() }
  if WORD and kind == 'fig' then words:insert(1, pandoc.Span({}, pandoc.Attr(float.identifier))) end
  words:extend(float.caption.long[1].content)
  float.caption.long = { pandoc.Plain(words) }
  return float
end

local function reference(cite)
  local id = cite.citations[1].id
  local number = numbers[id]
  if number == nil then error('@' .. id .. ' points at nothing') end
  return pandoc.Link({ pandoc.Str(WORDS[id:sub(1, 3)] .. '\u{a0}' .. number) }, '#' .. id)
end

-- Figures: in pandoc an image's alternative text is its inlines; Quarto writes it as fig-alt. pandoc's Typst writer
-- leaves it out (jgm/pandoc 11394), so there the image is written raw.

local function figure(float)
  local image = float.content[1].content[1]
  local alt = image.attributes['fig-alt']
  image.attributes['fig-alt'] = nil
  image.caption = { pandoc.Str(alt) }
  if WORD then
    image.src = image.src:gsub('%.svg$', '.png')
    image.attributes.width = '100%'
    -- Word's alternative text comes from the inlines of an image that is no figure of pandoc's own.
    return { styled('Captioned Figure', { pandoc.Plain { image } }), styled('Image Caption', { pandoc.Para(float.caption.long[1].content) }) }
  elseif TYPST then
    local open = raw('#figure(kind: image, image(' .. quoted(image.src) .. ', alt: ' .. quoted(alt) .. ', width: 100%), caption: [')
    return { open, pandoc.Plain(float.caption.long[1].content), raw(']) <' .. float.identifier .. '>') }
  end
  return float
end

local function table_widths(float)
  local widths = float.attributes['tbl-colwidths']
  float.attributes['tbl-colwidths'] = nil
  if widths == nil then return end
  local at = 0
  for width in widths:gmatch '[%d.]+' do
    at = at + 1
    float.colspecs[at] = { float.colspecs[at][1], tonumber(width) / 100 }
  end
end

local function data_table(float)
  table_widths(float)
  for _, body in ipairs(float.bodies) do body.row_head_columns = 1 end
  if TYPST and #float.bodies[1].body > LONG then
    return { raw '#[#show figure: set block(breakable: true)', float, raw ']' }
  end
  if not HTML then return float end
  local name = pandoc.utils.stringify(float.caption.long[1]):match '^[^:]+'
  local region = pandoc.Attr('', { 'table-scroll' }, { { 'role', 'region' }, { 'aria-label', name }, { 'tabindex', '0' } })
  return pandoc.Div({ float }, region)
end

-- Callouts and the two plain blocks.

local function callout_html(kind, title, blocks, collapse)
  if collapse then
    local summary = { raw_inline '<summary>', table.unpack(title) }
    summary[#summary + 1] = raw_inline '</summary>'
    local folded = pandoc.Blocks { raw('<details class="callout callout-' .. kind .. '"' .. (collapse == 'false' and ' open' or '') .. '>') }
    folded:extend { pandoc.Plain(summary), pandoc.Div(blocks, pandoc.Attr('', { 'callout-body' })), raw '</details>' }
    return folded
  end
  local head = pandoc.Div({ pandoc.Para(title) }, pandoc.Attr('', { 'callout-title' }))
  local body = pandoc.Div(blocks, pandoc.Attr('', { 'callout-body' }))
  return pandoc.Div({ head, body }, pandoc.Attr('', { 'callout', 'callout-' .. kind }, { { 'role', 'note' } }))
end

local function callout(div, kind)
  local title = div.content:remove(1).content
  local blocks = div.content
  if HTML then return callout_html(kind, title, blocks, div.attributes.collapse) end
  if WORD then
    local box = pandoc.Blocks { styled('Callout Title ' .. KINDS[kind], { pandoc.Para(title) }) }
    box:insert(styled('Callout ' .. KINDS[kind], blocks))
    return box
  end
  local box = pandoc.Blocks { raw('#callout("' .. kind .. '")['), pandoc.Plain(title), raw '][' }
  box:extend(blocks)
  box:insert(raw ']')
  return box
end

local function at_a_glance(div)
  if WORD then return styled('At a Glance', div.content) end
  if not TYPST then return nil end
  local items = pandoc.Blocks { raw '#at-a-glance(' }
  for _, block in ipairs(div.content) do
    for _, item in ipairs(block.t == 'BulletList' and block.content or { { block } }) do
      items:insert(raw '[')
      items:extend(item)
      items:insert(raw '],')
    end
  end
  items:insert(raw ')')
  return items
end

local function headline(div)
  if WORD then return styled('Headline', div.content) end
  if not TYPST then return nil end
  local result = pandoc.Blocks { raw '#headline[' }
  result:extend(div.content)
  result:insert(raw ']')
  return result
end

local function write_div(div)
  local kind = callout_kind(div)
  if kind then return callout(div, kind) end
  if div.classes:includes 'at-a-glance' then return at_a_glance(div) end
  if div.classes:includes 'headline' then return headline(div) end
  if not HTML and (div.classes:includes 'status-draft' or div.classes:includes 'status-made-up') then return div.content end
end

local BREAKS = {
  html = '<div class="page-break"></div>',
  typst = '#pagebreak(weak: true)',
  docx = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>',
}

local function page_break(para)
  if pandoc.utils.stringify(para) ~= '{{< pagebreak >}}' then return nil end
  return pandoc.RawBlock(WORD and 'openxml' or OUTPUT, BREAKS[OUTPUT])
end

local NUMBERING = {
  traverse = 'topdown',
  Header = number_heading,
  Figure = function(float) return number_float('fig', float) end,
  Table = function(float) return number_float('tbl', float) end,
}

return {
  { Div = prepare },
  NUMBERING,
  { Cite = reference },
  { Figure = figure, Table = data_table, Para = page_break },
  { Div = write_div },
}
