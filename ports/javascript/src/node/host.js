/** The platform that this package runs on. */

import { read, write } from '../arrow/table.js';
import { node_platform } from './platform.js';

/** Node, with tables: the package apache-arrow is only looked for when the first one comes. */
export const NODE = node_platform({ read, write });
