import { StackContextManager } from '@opentelemetry/sdk-trace-web';
import { starter } from './opentelemetry.js';

export const start = starter(() => new StackContextManager());
