/** Runs that making one input smaller may take: most are done within some hundreds. */
const runsMax = 4_000;

/** The input without everything that can be left out of it while `fails` holds: pieces of half its size at first, single octets at last. */
export function minimize(input: Uint8Array, fails: (smaller: Uint8Array) => boolean): Uint8Array {
  let least = input;
  let runs = 0;
  for (let size = least.length >> 1; size > 0; ) {
    let shrank = false;
    for (let at = 0; at < least.length && runs < runsMax; runs++) {
      const smaller = without(least, at, at + size);
      if (fails(smaller)) {
        least = smaller;
        shrank = true;
      } else {
        at += size;
      }
    }
    if (runs >= runsMax) break;
    // What is gone may have held other things in place; another round at the smallest size finds them.
    size = size === 1 && shrank ? 1 : size >> 1;
  }
  return least;
}

function without(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const kept = bytes.slice(0, bytes.length - Math.min(end, bytes.length) + start);
  kept.set(bytes.subarray(end), start);
  return kept;
}
