// Sign-in by JSON Web Tokens of one issuer: who the token's subject is, is who asks.
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import { ThumbsmithError } from '../errors.ts'
import type { Auth, Identity } from './auth.ts'

export interface JwtOptions {
  issuer: string
  audience: string
  /** The issuer's public keys, by URL; or a secret of at least 32 bytes shared with it. */
  keys: { jwksUrl: string } | { secret: string }
  /** Tokens that carry this claim are an operator's: it equals the value, or is a list that holds it. */
  operator?: { claim: string; value: string } | undefined
}

/** Browsers cannot send headers with an `<img>` or an EventSource, but they send cookies. */
export const TOKEN_COOKIE = 'thumbsmith_token'

const PUBLIC_KEY_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
const SECRET_MIN_BYTES = 32
const SUBJECT_MAX_LENGTH = 255
/** Between clocks of two machines. */
const CLOCK_TOLERANCE_SECONDS = 30

export function jwtAuth(options: JwtOptions): Auth {
  const verify = verifier(options)
  return {
    name: 'jwt',
    async identify(request) {
      const token = tokenOf(request)
      if (token === undefined) return undefined
      const payload = await verify(token)
      return payload && identityOf(payload, options.operator)
    },
  }
}

/** The algorithms follow from the kind of key, never from the token: a public key is no HMAC secret. */
function verifier(options: JwtOptions): (token: string) => Promise<JWTPayload | undefined> {
  const { issuer, audience, keys } = options
  const checks: JWTVerifyOptions = {
    issuer,
    audience,
    requiredClaims: ['sub', 'exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  }
  if ('secret' in keys) {
    const secret = new TextEncoder().encode(keys.secret)
    if (secret.length < SECRET_MIN_BYTES)
      throw new ThumbsmithError('config.invalid', `The secret of the tokens needs at least ${SECRET_MIN_BYTES} bytes.`)
    return (token) => refuseBad(jwtVerify(token, secret, { ...checks, algorithms: ['HS256'] }))
  }
  const jwks = createRemoteJWKSet(new URL(keys.jwksUrl))
  return (token) => refuseBad(jwtVerify(token, jwks, { ...checks, algorithms: PUBLIC_KEY_ALGORITHMS }))
}

/** `undefined` for a bad token. That the issuer's keys cannot be had is no fault of the token. */
async function refuseBad(verified: Promise<{ payload: JWTPayload }>): Promise<JWTPayload | undefined> {
  try {
    return (await verified).payload
  } catch (error) {
    const outage =
      !(error instanceof errors.JOSEError) ||
      error instanceof errors.JWKSTimeout ||
      error instanceof errors.JWKSInvalid ||
      error.code === errors.JOSEError.code
    if (!outage) return undefined
    throw new ThumbsmithError('auth.unavailable', undefined, { detail: String(error), cause: error })
  }
}

function identityOf(payload: JWTPayload, operator: JwtOptions['operator']): Identity | undefined {
  const { sub } = payload
  if (typeof sub !== 'string' || sub === '' || sub.length > SUBJECT_MAX_LENGTH || !sub.isWellFormed()) return undefined
  const claim = operator && payload[operator.claim]
  return { owner: sub, operator: operator !== undefined && [claim].flat().includes(operator.value) }
}

function tokenOf(request: Request): string | undefined {
  const header = request.headers.get('authorization')
  if (header !== null) return /^Bearer +([\w.-]+) *$/i.exec(header)?.[1]
  const cookies = request.headers.get('cookie') ?? ''
  return new RegExp(`(?:^|; *)${TOKEN_COOKIE}=([\\w.-]+)`).exec(cookies)?.[1]
}
