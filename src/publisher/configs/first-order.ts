import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, errorText, type Logger } from "../../base/index.ts";
import { firstOrderHold } from "../../config/index.ts";
import { fileCode } from "../../files/index.ts";

/** Whether a first certificate is not to be ordered yet. What cannot be told holds nothing back. */
export async function isFirstOrderHeld(
  stateDir: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(join(stateDir, firstOrderHold.file));
    // Also from the future, where a clock was set back.
    return Math.abs(clock.now() - mtimeMs) < firstOrderHold.longestMs;
  } catch (error) {
    if (fileCode(error) !== "ENOENT") {
      logger.warn("whether the first order is held back cannot be told; it is made", {
        error: errorText(error),
      });
    }
    return false;
  }
}
