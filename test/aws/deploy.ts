// The Terraform file made real in the emulator: each resource through AWS's own interfaces, and no argument of any left out.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Value } from '../terraform/expression.ts'
import { faultsOf } from '../terraform/provider.ts'
import { type Created, createAll, readMain } from '../terraform/read.ts'
import type { Place } from './call.ts'
import { functionCreators } from './create-functions.ts'
import { storageCreators } from './create-storage.ts'
import { webCreators } from './create-web.ts'
import type { Creators, Values } from './creators.ts'

const MAIN = resolve(import.meta.dirname, '../../infra/main.tf')
const ACCOUNT = '000000000000'

/** `inputs`: the variables besides the region. Throws for a type or an argument that nothing here makes. */
export async function deploy(place: Place, inputs: Values): Promise<Created> {
  const creators: Creators = {
    'data.aws_caller_identity': async () => ({ account_id: ACCOUNT }),
    'data.aws_partition': async () => ({ partition: 'aws' }),
    ...storageCreators(place),
    ...functionCreators(place),
    ...webCreators(place),
  }
  return createAll(
    await readMain(readFileSync(MAIN, 'utf8')),
    { region: place.region, ...inputs },
    async (creation) => {
      const { type, address, values, tags } = creation
      const faults = faultsOf(creation)
      if (faults.length) throw new Error(faults.join('\n'))
      const create = creators[type]
      if (!create) throw new Error(`${address}: nothing here makes a ${type}`)
      const unread = new Set<string>()
      const computed = await create(watched(values, unread) as Values, tags)
      if (unread.size) throw new Error(`${address}: nobody has read ${[...unread].join(', ')}`)
      return computed
    },
  )
}

/** The same values; each name leaves `unread` once it was looked at. */
function watched(value: Value, unread: Set<string>, path = ''): Value {
  if (value === null || typeof value !== 'object') return value
  const at = (name: string) => `${path}${path && '.'}${name}`
  const watchedParts = new Map<string, Value>()
  for (const [name, part] of Object.entries(value)) {
    unread.add(at(name))
    watchedParts.set(name, watched(part, unread, at(name)))
  }
  return new Proxy(value, {
    get(target, name, receiver) {
      if (typeof name !== 'string' || !watchedParts.has(name)) return Reflect.get(target, name, receiver) as Value
      unread.delete(at(name))
      return watchedParts.get(name)
    },
  })
}
