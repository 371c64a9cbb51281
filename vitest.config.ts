import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Workspace packages resolve to their sources (see `exports` in their package.json): tests need no build.
const development = {
  resolve: { conditions: ['development', 'node'] },
  ssr: { resolve: { conditions: ['development', 'node'] } },
}
/** Files share what they load: no module keeps state of its own, and loading is most of what a small test costs. */
const isolate = false
/**
 * Of more than a thousand tests against real servers, one may meet a disk that stands still for longer than it waits. A
 * second try tells that from a fault; the report names what needed it (`retry x1`).
 */
const retry = 1
const globalSetup = ['packages/dev/src/harness/global-setup.ts']
/** Compares every answer of a gateway with `docs/openapi.json`. */
const setupFiles = ['packages/dev/src/harness/check-answers.ts']

/** Minutes of both cores each. They run by `npm run test:long`, before a release and after changes of what they are about. */
const LONG = ['services/worker/test/hostile-corpus.test.ts', 'e2e/large-upload.test.ts']
const long = {
  ...development,
  test: {
    name: 'long',
    isolate,
    include: LONG,
    globalSetup,
    setupFiles,
    retry,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    sequence: { groupOrder: 3 },
  },
}

/** Files that take minutes begin before all others of their project, so that none of them runs alone at the end. */
const FIRST = [
  'e2e/growing.test.ts',
  'e2e/failures.test.ts',
  'test/store-ownership.test.ts',
  'test/durable-backing.test.ts',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => (FIRST.some((file) => moduleId.endsWith(file)) ? 0 : 1)
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other))
  }
}

export default defineConfig({
  ...development,
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    coverage: { include: ['packages/*/src/**', 'services/*/src/**'] },
    projects: [
      ...(process.env.KINORA_LONG_TESTS === 'true' ? [long] : []),
      {
        ...development,
        test: {
          name: 'unit',
          isolate,
          include: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'e2e/support/*/*.test.ts'],
        },
      },
      {
        ...development,
        test: {
          name: 'integration',
          isolate,
          // Many of these tests wait for a process or a clock.
          maxWorkers: 3,
          include: ['packages/*/test/**/*.test.ts', 'services/*/test/**/*.test.ts'],
          exclude: LONG,
          globalSetup,
          setupFiles,
          retry,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...development,
        test: {
          name: 'e2e',
          isolate,
          include: ['e2e/*.test.ts'],
          exclude: LONG,
          globalSetup,
          setupFiles,
          retry,
          testTimeout: 180_000,
          sequence: { groupOrder: 2 },
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
