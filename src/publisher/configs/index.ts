/** `serve` alone: what a publisher that follows config files runs on, and nothing that other commands do with what it keeps. */
export { type ActivatedSockets, activatedSockets } from "../systemd/activation.ts";
export { type ServiceManager, serviceManager } from "../systemd/notify.ts";
export { type ServeOptions, servePublisher, type Serving } from "./serve.ts";
