import type { Planted } from './planted.ts'

export const noFencing: Planted = {
  what: 'The transactional id belongs to the process, not to the task: nobody fences the owner before.',
  within: 20,
  seed: 12,
  breaks: ['I1', 'I2', 'I3', 'I4', 'I6'],
  substitute() {
    let processes = 0
    return {
      port(log) {
        const own = processes++
        return { ...log, transactor: id => log.transactor(`${id}.${own}`) }
      },
    }
  },
}
