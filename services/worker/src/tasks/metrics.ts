import type { Metrics } from '@kinora/common/service'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { SandboxKind } from '../infra/sandbox.ts'

export type TaskMetrics = ReturnType<typeof createTaskMetrics>

export function createTaskMetrics(registry: Metrics, sandbox: SandboxKind) {
  const registers = [registry]
  const sandboxes = new Gauge({
    name: 'kinora_worker_sandbox',
    help: 'Sandbox of ffmpeg: 1 for the kind in use',
    labelNames: ['kind'],
    registers,
  })
  sandboxes.set({ kind: sandbox }, 1)
  return {
    running: new Gauge({
      name: 'kinora_worker_tasks_running',
      help: 'Tasks held now',
      labelNames: ['kind'],
      registers,
    }),
    ended: new Counter({
      name: 'kinora_worker_tasks_ended_total',
      help: 'Attempts by kind and how they ended',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    seconds: new Histogram({
      name: 'kinora_worker_task_seconds',
      help: 'Wall-clock time of an attempt',
      labelNames: ['kind'],
      buckets: [0.25, 1, 4, 15, 60, 240, 900],
      registers,
    }),
  }
}
