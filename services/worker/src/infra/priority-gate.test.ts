import { expect, test } from 'vitest'
import { Precedence } from './precedence.ts'

function someTool() {
  const tool = {
    paused: false,
    pause() {
      tool.paused = true
    },
    resume() {
      tool.paused = false
    },
  }
  return tool
}

test('tools stand still as long as any task is urgent, also those that begin meanwhile', () => {
  const precedence = new Precedence()
  const [first, second, wanted] = [someTool(), someTool(), someTool()]
  precedence.enter(false).runs(first)
  const [urgent, other] = [precedence.enter(true), precedence.enter(true)]
  urgent.runs(wanted)
  precedence.enter(false).runs(second)
  expect([first.paused, second.paused, wanted.paused]).toEqual([true, true, false])
  other.giveWay()
  other.giveWay()
  expect([first.paused, second.paused]).toEqual([true, true])
  urgent.giveWay()
  expect([first.paused, second.paused, wanted.paused]).toEqual([false, false, false])
})

test('a task that has done what it was urgent for stands still for others, and goes on after them', () => {
  const precedence = new Precedence()
  const [sound, next, picture] = [someTool(), someTool(), someTool()]
  const [early, late] = [precedence.enter(true), precedence.enter(true)]
  early.runs(sound)
  late.runs(picture)
  early.giveWay()
  early.runs(next)
  expect([sound.paused, next.paused, picture.paused]).toEqual([true, true, false])
  late.giveWay()
  expect([sound.paused, next.paused, picture.paused]).toEqual([false, false, false])
})

test('a tool that has ended is left alone', () => {
  const precedence = new Precedence()
  const tool = someTool()
  precedence.enter(false).runs(tool)()
  const urgent = precedence.enter(true)
  expect(tool.paused).toBe(false)
  const brief = someTool()
  urgent.runs(brief)()
  urgent.giveWay()
  precedence.enter(true)
  expect(brief.paused).toBe(false)
})
