import { Answer } from '../../../mirror/copy/answer-core';

describe('the bytes of an answer', () => {
  test('go back once, when the last who holds them lets go, and cannot be held afterwards', () => {
    let givenBack = 0;
    const answer = new Answer(() => givenBack++);
    answer.hold();
    answer.release();
    expect(givenBack).toBe(0);
    answer.release();
    expect(givenBack).toBe(1);
    expect(() => answer.hold()).toThrow('an answer is held that was given back');
    expect(() => answer.release()).toThrow('an answer is given back twice');
  });
});
