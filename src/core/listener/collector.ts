import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Gives what collects garbage at once. V8 collects when its own heap has grown, and does not see what hangs on its
 * objects outside of it: of a TLS connection or an HTTP/2 stream that is several times as much. Clients who make
 * and drop them fast would have the process grow by hundreds of megabytes before the next collection. Node has no
 * other door to it than V8's flag.
 */
export function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  return collect;
}
