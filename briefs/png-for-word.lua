-- Word shows an SVG only where a converter is installed, so a Word document takes the PNG beside each SVG.
function Image(image)
  if FORMAT ~= 'docx' then return nil end
  image.src = image.src:gsub('%.svg$', '.png')
  return image
end
