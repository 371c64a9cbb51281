/** Faults that a test, or an operator at a terminal, can bring upon one server. Ports and data survive all of them. */
export type ServerControl = {
  /** SIGKILL: nothing is flushed, nobody is told. */
  kill(): Promise<void>
  /** Orderly stop. */
  stop(): Promise<void>
  /** Starts it again after kill or stop; resolves when it answers. */
  start(): Promise<void>
  /** Freezes it: connections stay open and nothing answers. */
  pause(): Promise<void>
  resume(): Promise<void>
}

export type PostgresServer = { adminUrl: string; control?: ServerControl }
export type RabbitmqServer = { adminUrl: string; managementUrl: string; control?: ServerControl }
export type RedisServer = { url: string; control?: ServerControl }

/** Both keys are the server's administrator's. */
export type S3Server = { endpoint: string; accessKeyId: string; secretAccessKey: string; control: ServerControl }

/** `control` is missing where the servers are not ours, that is for `environment`. */
export type Backing = {
  kind: 'environment' | 'docker' | 'native'
  postgres: PostgresServer
  rabbitmq: RabbitmqServer
  redis: RedisServer
  stop(): Promise<void>
}

/** `dir` is ours alone. Durable servers keep their data in it over a restart; others trade safety for speed. */
export type BackingOptions = { dir: string; durable: boolean; log: (line: string) => void }
