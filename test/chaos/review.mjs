// A reviewer that accepts what says it is good.

export default async (input) => ({ accept: JSON.stringify(input).includes('"good":true'), reason: 'as it says' });
