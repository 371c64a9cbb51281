import { expect, test } from 'vitest'
import { Precedence } from './precedence.ts'

function someWork() {
  const work = {
    paused: false,
    pause() {
      work.paused = true
    },
    resume() {
      work.paused = false
    },
  }
  return work
}

test('long work stands still as long as anything urgent goes on, also when it begins meanwhile', () => {
  const precedence = new Precedence()
  const [first, second] = [someWork(), someWork()]
  precedence.yields(first)
  const [end, endOther] = [precedence.claim(), precedence.claim()]
  precedence.yields(second)
  expect([first.paused, second.paused]).toEqual([true, true])
  end()
  end()
  expect(first.paused).toBe(true)
  endOther()
  expect([first.paused, second.paused]).toEqual([false, false])
})

test('work that has ended is left alone', () => {
  const precedence = new Precedence()
  const work = someWork()
  precedence.yields(work)()
  precedence.claim()
  expect(work.paused).toBe(false)
})
