// The API's documentation as one page for people, drawn from its OpenAPI document: no script, readable without colours.
import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { ERRORS } from '../errors.ts'

type Html = HtmlEscapedString | Promise<HtmlEscapedString>

/** As much of an OpenAPI 3.1 document as the page shows. */
interface Document {
  info: { title: string; version: string; description?: string }
  paths?: Record<string, object>
  components?: { schemas?: Record<string, object> }
}

interface Schema {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  description?: string
  example?: unknown
}

interface Content {
  [type: string]: { schema?: Schema }
}

interface Operation {
  summary?: string
  description?: string
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[]
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content?: Content }>
}

const METHODS = ['get', 'post', 'patch', 'put', 'delete']

export function docsPage(document: Document): Html {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = (item as Record<string, Operation>)[method]
      return operation ? [{ method: method.toUpperCase(), path, operation, anchor: `${method}-${path}` }] : []
    }),
  )
  const schemas = Object.entries(document.components?.schemas ?? {}) as [string, Schema][]
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title} API</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<main>
<h1>${document.info.title} API <small>${document.info.version}</small></h1>
<p>${document.info.description} For programs, the same as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
<nav aria-label="Routes"><ul>
${operations.map(({ method, path, operation, anchor }) => html`<li><a href="#${anchor}"><code>${method} ${path}</code></a> ${operation.summary}</li>`)}
</ul></nav>
${operations.map(
  ({ method, path, operation, anchor }) => html`<section id="${anchor}">
<h2><code>${method} ${path}</code></h2>
<p><strong>${operation.summary}.</strong> ${withCode(operation.description)}</p>
${parameters(operation)}
${operation.requestBody ? html`<h3>Body</h3>${content(operation.requestBody.content)}` : ''}
<h3>Answers</h3>
<dl>${Object.entries(operation.responses).map(([status, response]) => html`<dt>${status === 'default' ? 'else' : status}</dt><dd>${withCode(response.description)} ${response.content ? content(response.content) : ''}</dd>`)}</dl>
</section>`,
)}
<h2>Shapes</h2>
${schemas.map(([name, schema]) => html`<section id="shape-${name}"><h3><code>${name}</code></h3>${schema.description ? html`<p>${withCode(schema.description)}</p>` : ''}${shape(schema)}${schema.example === undefined ? '' : html`<pre>${JSON.stringify(schema.example, undefined, 2)}</pre>`}</section>`)}
<h2>Codes</h2>
<p>Errors are problem documents (RFC 9457); their <code>code</code> is stable.</p>
<div class="wide"><table><thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead><tbody>
${Object.entries(ERRORS).map(([code, row]) => html`<tr id="${code}"><td><code>${code}</code></td><td>${row.status}</td><td>${row.message}</td></tr>`)}
</tbody></table></div>
</main>
</body>
</html>`
}

function parameters({ parameters }: Operation): Html | '' {
  if (!parameters?.length) return ''
  return html`<h3>Parameters</h3><dl>${parameters.map(
    (parameter) =>
      html`<dt><code>${parameter.name}</code> ${typeOf(parameter.schema)}${parameter.required ? '' : ', optional'}</dt><dd>${withCode(parameter.description ?? parameter.schema?.description)}</dd>`,
  )}</dl>`
}

function content(content: Content): Html {
  return html`${Object.entries(content).map(
    ([type, { schema }]) => html`<p><code>${type}</code>: ${typeOf(schema)}</p>`,
  )}`
}

function shape(schema: Schema): Html {
  const choices = schema.oneOf ?? schema.anyOf
  if (choices)
    return html`<ul>${choices.map((choice) => html`<li>${choice.properties ? shape(choice) : typeOf(choice)}</li>`)}</ul>`
  if (!schema.properties) return html`<p>${typeOf(schema)}</p>`
  return html`<dl>${Object.entries(schema.properties).map(
    ([name, property]) =>
      html`<dt><code>${name}</code> ${typeOf(property)}${schema.required?.includes(name) ? '' : ', optional'}</dt><dd>${withCode(property.description)}</dd>`,
  )}</dl>`
}

function typeOf(schema: Schema | undefined): Html | string {
  if (!schema) return ''
  if (schema.$ref) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
    return html`<a href="#shape-${name}">${name}</a>`
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const choices = schema.oneOf ?? schema.anyOf
  if (choices) return html`${choices.map((choice, i) => html`${i ? ' | ' : ''}${typeOf(choice)}`)}`
  if (schema.items) return html`list of ${typeOf(schema.items)}`
  if (schema.properties)
    return html`{ ${Object.entries(schema.properties).map(([name, property], i) => html`${i ? ', ' : ''}${name}: ${typeOf(property)}`)} }`
  return [schema.type ?? 'anything'].flat().join(' | ')
}

/** Text with `code` in it. */
function withCode(text: string | undefined): Html {
  return html`${(text ?? '').split('`').map((part, i) => (i % 2 ? html`<code>${part}</code>` : part))}`
}

export const docsCss = `
:root { color-scheme: light dark; font: 16px/1.55 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1rem 6rem; }
h1 small { font-weight: normal; opacity: .7; }
h2 { margin-top: 3rem; border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding-top: 1rem; overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre, .wide { overflow-x: auto; }
pre { padding: .75rem; background: color-mix(in srgb, currentColor 8%, transparent); }
dt { margin-top: .5rem; }
dd { margin-left: 1.5rem; }
nav ul { padding-left: 1.2rem; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; vertical-align: top; }
tr:target, section:target > h2, section:target > h3 { background: color-mix(in srgb, currentColor 12%, transparent); }
`
