import type { Store } from './store.ts'

/**
 * A store whose operations first call `assertUsable` and throw its errors. `check` is not guarded, because a store can be
 * reachable and still be the wrong one.
 */
export function guardedStore(store: Store, assertUsable: () => void): Store {
  const guarded = <Args extends unknown[], Result>(operation: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      assertUsable()
      return await operation.apply(store, args)
    }
  }
  const guardedAtOnce = <Args extends unknown[], Result>(operation: (...args: Args) => Result) => {
    return (...args: Args): Result => {
      assertUsable()
      return operation.apply(store, args)
    }
  }
  return {
    write: guarded(store.write),
    put: guarded(store.put),
    create: guarded(store.create),
    adopt: guarded(store.adopt),
    materialise: guarded(store.materialise),
    copy: guarded(store.copy),
    move: guarded(store.move),
    stat: guarded(store.stat),
    read: guardedAtOnce(store.read),
    get: guarded(store.get),
    writePiece: guarded(store.writePiece),
    sealPiece: guarded(store.sealPiece),
    joinPieces: guarded(store.joinPieces),
    list: guardedAtOnce(store.list),
    listFolders: guardedAtOnce(store.listFolders),
    remove: guarded(store.remove),
    removeFolder: guarded(store.removeFolder),
    removeUnfinished: guarded(store.removeUnfinished),
    check: () => store.check(),
  }
}
