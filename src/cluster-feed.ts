// The feed where processes share the work: what changes in any of them, as their cluster tells.
import { z } from 'zod'
import type { Cluster } from './cluster/cluster.ts'
import type { Feed, MemoryFeed } from './feed.ts'

const messageSchema = z
  .string()
  .transform((text, { issues }) => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      issues.push({ code: 'custom', input: text })
      return z.NEVER
    }
  })
  .pipe(z.object({ key: z.string(), owner: z.string(), kind: z.enum(['changed', 'removed']) }))

/** A feed of what changes in any process of the cluster. Each numbers the changes as it learns of them. */
export function sharedFeed(own: MemoryFeed, cluster: Cluster): Feed {
  cluster.subscribe((message) => {
    const { data } = messageSchema.safeParse(message)
    if (data) own.publish(data)
    else own.gap()
  }, own.gap)
  return {
    ...own,
    publish({ key, owner, kind }) {
      own.publish({ key, owner, kind })
      cluster.publish(JSON.stringify({ key, owner, kind }))
    },
  }
}
