import { ZoneContextManager } from '@opentelemetry/context-zone';
import { starter } from './opentelemetry.js';

export const start = starter(() => new ZoneContextManager());
