// The OpenAPI document against the routes that are really there, and the page drawn from it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ZodType } from 'zod'
import { openApi, type TestApi } from '../../test/api.ts'
import { ERRORS } from '../errors.ts'
import { editSchema, uploadRequestSchema } from './schemas.ts'

interface Operation {
  summary?: string
  responses: Record<string, { description?: string; content?: Record<string, { schema?: unknown }> }>
  requestBody?: { content: Record<string, { schema: unknown; example?: unknown }> }
  parameters?: { name: string; in: string; required?: boolean; schema: unknown }[]
}
interface Document {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> }
}

let api: TestApi
let document: Document
beforeAll(async () => {
  api = await openApi()
  document = (await (await api.ask('GET', '/openapi.json')).json()) as Document
})
afterAll(() => api.close())

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ name: `${method} ${path}`, path, operation })),
  )

describe('the OpenAPI document', () => {
  it('is of version 3.1 and names itself', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'thumbsmith', version: '1.2.3' } })
  })

  it('has every route that the API answers under /v1, and no other', () => {
    const answered = api.app.routes
      .filter(({ path, method }) => path.startsWith('/v1/') && method !== 'ALL' && !path.includes('*'))
      .map(({ path, method }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`)
    const described = operations().map(({ name }) => name)
    expect(described.filter((name) => name.includes('/v1/')).sort()).toEqual([...new Set(answered)].sort())
    expect(described).toContain('get /healthz')
    expect(described).toHaveLength(14)
  })

  it('describes every operation, its parameters and its answers', () => {
    for (const { name, path, operation } of operations()) {
      expect([name, operation.summary?.length ?? 0]).not.toEqual([name, 0])
      for (const response of Object.values(operation.responses)) expect(response.description).toMatch(/\w/)
      if (name.includes('/v1/')) expect(operation.responses.default?.content).toHaveProperty('application/problem+json')
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(declared.map((parameter) => parameter.name)).toEqual(inPath)
      for (const parameter of declared) expect(parameter.required).toBe(true)
    }
  })

  it('refers only to what it holds', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name!,
    )
    expect(references.length).toBeGreaterThan(10)
    for (const name of references) expect(document.components.schemas).toHaveProperty(name)
    for (const name of ['Original', 'Rendition', 'Upload', 'Problem', 'About', 'Edit'])
      expect(document.components.schemas).toHaveProperty(name)
    expect(document.components.securitySchemes).toEqual({ token: { type: 'http', scheme: 'bearer' } })
  })

  it('gives examples that the API takes', () => {
    const given = Object.entries(document.components.schemas as Record<string, { example?: unknown }>)
      .filter(([, schema]) => schema.example !== undefined)
      .map(([name, schema]) => [name, schema.example] as const)
    expect(given.map(([name]) => name)).toEqual(['UploadRequest', 'Edit'])
    const schemas: Record<string, ZodType> = { UploadRequest: uploadRequestSchema, Edit: editSchema }
    for (const [name, example] of given) expect(schemas[name]!.parse(example)).toEqual(example)
  })
})

describe('the page for people', () => {
  it('shows every route, shape and code, and runs nothing', async () => {
    const response = await api.ask('GET', '/docs')
    expect(response.headers.get('content-type')).toContain('text/html')
    const page = await response.text()
    for (const { name } of operations())
      expect(page).toContain(`${name.split(' ')[0]!.toUpperCase()} ${name.split(' ')[1]}</code>`)
    for (const name of Object.keys(document.components.schemas)) expect(page).toContain(`id="shape-${name}"`)
    for (const code of Object.keys(ERRORS)) expect(page).toContain(`<tr id="${code}">`)
    expect(page).not.toMatch(/<script|<style|style=|\son\w+=|javascript:|https?:\/\//)
    expect(page).not.toContain('undefined')
    expect(page).not.toContain('[object')
    const anchors = [...page.matchAll(/href="#([^"]+)"/g)].map(([, anchor]) => anchor!)
    for (const anchor of anchors) expect(page).toContain(`id="${anchor}"`)
  })

  it('has its own style sheet', async () => {
    const response = await api.ask('GET', '/docs/style.css')
    expect(response.headers.get('content-type')).toMatch(/^text\/css/)
  })

  it('stands in for the dashboard where there is none', async () => {
    const response = await api.ask('GET', '/')
    expect([response.status, response.headers.get('location')]).toEqual([302, '/docs'])
  })
})
