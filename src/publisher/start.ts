import type { Publisher, PublisherOptions } from "./publisher.ts";

/** Starts what makes issuers' documents public. */
export declare function startPublisher(options: PublisherOptions): Promise<Publisher>;
