import type { ServedPage } from "../support/issuer-server.ts";
import { page, type paths, type World } from "./world.ts";

/** Breaks one real part of a world. */
export type Fault = (world: World) => Promise<void>;

/** An issuer of which one document is answered like this. */
export function withPage(document: keyof typeof paths, change: ServedPage): Fault {
  return async (world) => {
    page(await world.start(), document, change);
  };
}
