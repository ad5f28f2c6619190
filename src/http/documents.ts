// What the routes' OpenAPI descriptions share.
import { z } from '@hono/zod-openapi'
import { idSchema, problemSchema } from './schemas.ts'

export const json = <S extends z.ZodType>(description: string, schema: S) => ({
  description,
  content: { 'application/json': { schema } },
})

export const jsonBody = <S extends z.ZodType>(schema: S) => ({
  required: true,
  content: { 'application/json': { schema } },
})

/** Every route may answer so: what is wrong stands in `code`. */
export const PROBLEMS = {
  default: {
    description: 'A problem document; see the table of codes.',
    content: { 'application/problem+json': { schema: problemSchema } },
  },
} as const

export const idParams = z.object({ id: idSchema })
