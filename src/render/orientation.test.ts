// Orientation of real renditions: all eight of EXIF stand upright.
import { describe, expect, test } from 'vitest'
import * as pictures from '../../test/fixtures/pictures.ts'
import { expectNear, pixels } from '../../test/fixtures/renditions.ts'
import { render } from './render.ts'
import type { Rendered } from './renderer.ts'

describe('orientation', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8] as const)('EXIF %i stands upright', async (orientation) => {
    const bytes = await pictures.turned(orientation)
    const { facts, renditions } = await render({ bytes, presets: { it: { width: 60, format: 'png' } } })
    expect(facts).toMatchObject({ width: 120, height: 80, orientation })
    const { rendered } = renditions.it as { rendered: Rendered }
    expect([rendered.width, rendered.height]).toEqual([60, 40])
    const { at } = await pixels(rendered)
    expectNear(at(0.2, 0.2), pictures.QUADRANTS.topLeft)
    expectNear(at(0.8, 0.2), pictures.QUADRANTS.topRight)
    expectNear(at(0.2, 0.8), pictures.QUADRANTS.bottomLeft)
    expectNear(at(0.8, 0.8), pictures.QUADRANTS.bottomRight)
  })
})
