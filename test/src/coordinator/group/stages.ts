/** Scenes that many tests begin with. */
import { INITIAL_DELAY_MS, type JoinOptions, Scene } from './scene';

/** Members c-1, c-2, ... of clients a, b, ... in generation 1, which nobody has synced with yet; c-1 leads. */
export function joined(members: number, options: JoinOptions = {}, scene = new Scene()): Scene {
  for (let i = 0; i < members; i++) scene.join('abcdefgh'[i] as string, { version: 3, ...options });
  scene.pass((members > 1 ? 2 : 1) * INITIAL_DELAY_MS);
  scene.lines();
  return scene;
}

/** As `joined`, stable: 'x1' is assigned to c-1, 'x2' to c-2, and so on. */
export function stable(members: number, options: JoinOptions = {}, scene = new Scene()): Scene {
  joined(members, options, scene);
  const ids = Array.from({ length: members }, (_, i) => `c-${i + 1}`);
  const assign = ids.map((id, i) => `${id}=x${i + 1}`).join(' ');
  ids.forEach((member, i) => {
    scene.sync('abcdefgh'[i] as string, { member, generation: 1, ...(i === 0 ? { assign } : {}) });
  });
  scene.lines();
  return scene;
}

/** Static members i-1 (instance i, leading) and j-2 (instance j), stable in generation 1 with 'x1' and 'x2'. */
export function stableStatic(options: JoinOptions = {}, scene = new Scene()): Scene {
  scene.join('a', { instance: 'i', ...options });
  scene.join('b', { instance: 'j', ...options });
  scene.pass(2 * INITIAL_DELAY_MS);
  scene.sync('a', { member: 'i-1', generation: 1, assign: 'i-1=x1 j-2=x2' });
  scene.sync('b', { member: 'j-2', generation: 1 });
  scene.lines();
  return scene;
}
