// AWS's own interfaces for which no client is installed: signed requests (Signature Version 4) in the three dialects that its services speak.
import { createHash, createHmac } from 'node:crypto'

export interface Place {
  endpoint: string
  region: string
}
export const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' }

interface Request {
  service: string
  method?: string
  path?: string
  headers?: Record<string, string>
  body?: string
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** Throws what the service answered, where that is an error. */
export async function call({ endpoint, region }: Place, request: Request): Promise<string> {
  const { service, method = 'POST', path = '/', headers: given = {}, body = '' } = request
  const url = new URL(path, endpoint)
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const headers: Record<string, string> = { host: url.host, 'x-amz-date': time, ...given }
  const names = Object.keys(headers).sort()
  const plain = [
    method,
    url.pathname.split('/').map(encodeURIComponent).join('/'),
    url.search.slice(1),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ]
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`
  const key = scope
    .split('/')
    .reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${KEYS.secretAccessKey}`)
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(plain.join('\n'))].join('\n')).toString('hex')
  const { host: _, ...sent } = headers
  const answer = await fetch(url, {
    method,
    ...(body && { body }),
    headers: {
      ...sent,
      authorization: `AWS4-HMAC-SHA256 Credential=${KEYS.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
    },
  })
  const text = await answer.text()
  if (!answer.ok)
    throw new Error(`${service} ${method} ${path} ${given['x-amz-target'] ?? ''}: ${answer.status} ${text}`)
  return text
}

/** For services that take JSON at paths. */
export async function callRest(place: Place, service: string, method: string, path: string, body: object) {
  const headers = { 'content-type': 'application/json' }
  const answer = await call(place, { service, method, path, headers, body: JSON.stringify(body) })
  return (answer ? JSON.parse(answer) : {}) as Record<string, string>
}

/** For services that take JSON at one place. `target`: e.g. `Logs_20140328.CreateLogGroup`. */
export async function callJson(place: Place, service: string, target: string, body: object) {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
  const answer = await call(place, { service, headers, body: JSON.stringify(body) })
  return (answer ? JSON.parse(answer) : {}) as Record<string, string>
}

/** For services that take forms and answer with XML. */
export function callForm(place: Place, service: string, form: Record<string, string | number>): Promise<string> {
  const body = new URLSearchParams(Object.entries(form).map(([name, value]) => [name, String(value)])).toString()
  return call(place, { service, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body })
}

/** The first element of this name. */
export function inXml(xml: string, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  if (found === undefined) throw new Error(`No ${name} in ${xml}`)
  return found
}
