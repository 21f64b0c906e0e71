/**
 * Computes for each value once, for as long as somebody holds it. Of values that cross a wire: they are
 * read or made whole, and never changed.
 */
export function onceAValue<V extends object, R>(compute: (value: V) => R): (value: V) => R {
  const known = new WeakMap<V, { readonly result: R }>();
  return (value) => {
    const found = known.get(value);
    if (found !== undefined) return found.result;
    const result = compute(value);
    known.set(value, { result });
    return result;
  };
}
