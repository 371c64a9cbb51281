import { expect, test } from 'vitest'
import { PriorityGate } from './priority-gate.ts'

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

test('tools are paused while any task is urgent, also those that start meanwhile', () => {
  const gate = new PriorityGate()
  const [first, second, wanted] = [someTool(), someTool(), someTool()]
  gate.enter(false).add(first)
  const [urgent, other] = [gate.enter(true), gate.enter(true)]
  urgent.add(wanted)
  gate.enter(false).add(second)
  expect([first.paused, second.paused, wanted.paused]).toEqual([true, true, false])
  other.release()
  other.release()
  expect([first.paused, second.paused]).toEqual([true, true])
  urgent.release()
  expect([first.paused, second.paused, wanted.paused]).toEqual([false, false, false])
})

test('a task that released its urgency is paused for others, and resumed after them', () => {
  const gate = new PriorityGate()
  const [audio, next, video] = [someTool(), someTool(), someTool()]
  const [early, late] = [gate.enter(true), gate.enter(true)]
  early.add(audio)
  late.add(video)
  early.release()
  early.add(next)
  expect([audio.paused, next.paused, video.paused]).toEqual([true, true, false])
  late.release()
  expect([audio.paused, next.paused, video.paused]).toEqual([false, false, false])
})

test('a tool that has ended is not paused', () => {
  const gate = new PriorityGate()
  const tool = someTool()
  gate.enter(false).add(tool)()
  const urgent = gate.enter(true)
  expect(tool.paused).toBe(false)
  const brief = someTool()
  urgent.add(brief)()
  urgent.release()
  gate.enter(true)
  expect(brief.paused).toBe(false)
})
