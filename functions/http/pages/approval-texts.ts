/**
 * The words for a request on the person's phone.
 *
 * Words only. Used by the card of the sign-in page.
 */

export const APPROVAL = {
  title: (broker: string) => `Approve in the ${broker} app`,
  text: (broker: string) =>
    `${broker} shows a request in its app on your phone. Approve it there: there is nothing to type.`,
  send: 'Send the approval request to my phone',
  busy: 'Sending…',
  failed: (broker: string) =>
    `${broker} did not send the last request. Try again, or log in below.`,
  onPhone: 'Look at your phone',
  since: (broker: string, moment: string) =>
    `${broker} has the request since ${moment}. Approve it in its app.`,
  goesOn: 'This page goes on by itself as soon as the token is here.',
  look: 'I have approved it',
  noAnswer: 'No answer yet?',
  noAnswerText: (broker: string) =>
    `${broker} tells nobody when a request is rejected or overlooked. You can always log in below.`,
  again: 'Send the request again',
  againAt: (moment: string) => `It can be sent again at ${moment}.`,
};
