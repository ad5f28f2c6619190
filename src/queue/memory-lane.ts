// A lane of waiting jobs, one a key, from which owners are served in turns; each owner's jobs keep their order.
import type { Job } from './queue.ts'

export interface Lane {
  size(): number
  get(key: string): Job | undefined
  set(job: Job): void
  delete(key: string): void
  /** Takes the next job out. */
  shift(): Job | undefined
}

export function memoryLane(ownerOf: (key: string) => string): Lane {
  /** The first owner is the next to be served. */
  const owners = new Map<string, Map<string, Job>>()
  let size = 0
  return {
    size: () => size,
    get: (key) => owners.get(ownerOf(key))?.get(key),
    set(job) {
      const owner = ownerOf(job.key)
      const jobs = owners.get(owner) ?? new Map<string, Job>()
      if (!jobs.has(job.key)) size++
      jobs.set(job.key, job)
      owners.set(owner, jobs)
    },
    delete(key) {
      const owner = ownerOf(key)
      const jobs = owners.get(owner)
      if (!jobs?.delete(key)) return
      size--
      if (jobs.size === 0) owners.delete(owner)
    },
    shift() {
      const [first] = owners
      if (!first) return undefined
      const [owner, jobs] = first
      const [job] = jobs.values()
      jobs.delete(job!.key)
      size--
      owners.delete(owner)
      if (jobs.size) owners.set(owner, jobs)
      return job
    },
  }
}
