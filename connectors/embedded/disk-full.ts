/** Tells that the disk takes no more from other failures, whoever reports it. */
import { FreshetError } from '../../schemas/errors.ts'

/** EIO, EFBIG, ENOSPC, EDQUOT. LMDB says EIO too where only a part could be written, as on a disk that has just become full. */
const NO_ROOM = new Set([5, 27, 28, 122])

/**
 * @param error - of lmdb, whose `code` is an errno, or of Node, whose `errno` is a negative one
 * @returns a FreshetError DISK_FULL in its place, or the error itself where it is another one
 */
export function orDiskFull(error: unknown, directory: string): unknown {
  if (!(error instanceof Error)) return error
  const { code, errno } = error as Error & { readonly code?: unknown; readonly errno?: unknown }
  const number = typeof errno === 'number' ? -errno : Number(code)
  if (!NO_ROOM.has(number)) return error
  const message = `${directory}: the disk takes no more: ${error.message}; make room, nothing that was acknowledged is lost`
  return new FreshetError('DISK_FULL', message, { cause: error })
}
