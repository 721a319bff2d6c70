/** What `start` takes. All of it may be left out. */
export interface Options {
  /** `service.name` of the resource. */
  serviceName?: string;
}
export function start(options?: Options): unknown;
