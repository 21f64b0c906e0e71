/** Settles when this process should end: resolves upon a signal, rejects with what makes going on impossible. */
export function untilToldToStop(): { told: Promise<void>; fail: (error: unknown) => void } {
  const { promise: told, resolve, reject: fail } = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.once(signal, () => resolve());
  told.catch(() => {}); // Whoever awaits it later still hears of it.
  return { told, fail };
}
