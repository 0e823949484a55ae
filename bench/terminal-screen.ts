/** What a terminal shows after some output: enough of the escape codes for progress bars, tables and colours. */
export interface Cell {
  readonly char: string;
  readonly colour: number | null;
  readonly bold: boolean;
}

export type Line = readonly Cell[];

const CODE = /\u001b\[(\?)?([\d;]*)([A-Za-z])/y;
const FIRST_COLOUR = 30;
const FIRST_BRIGHT = 90;

export class TerminalScreen {
  private lines: Cell[][] = [[]];
  private row = 0;
  private column = 0;
  private colour: number | null = null;
  private bold = false;
  private wraps = true;

  constructor(private readonly columns: number) {}

  /** The lines so far, none of which scrolls away. */
  get text(): readonly Line[] {
    return this.lines.map((line) => [...line]);
  }

  write(output: string): void {
    for (let at = 0; at < output.length;) {
      CODE.lastIndex = at;
      const code = CODE.exec(output);
      if (code) {
        const [whole, isPrivate, argument = '', letter = ''] = code;
        if (!isPrivate) this.control(letter, argument);
        else if (argument === '7') this.wraps = letter === 'h';
        at += whole.length;
      } else {
        this.character(output[at] ?? '');
        at++;
      }
    }
  }

  private character(char: string): void {
    if (char === '\r') this.column = 0;
    else if (char === '\n') this.moveTo(this.row + 1);
    else if (char >= ' ') {
      if (this.column >= this.columns) {
        if (!this.wraps) return;
        this.moveTo(this.row + 1);
        this.column = 0;
      }
      const { colour, bold } = this;
      const line = this.lines[this.row] ?? [];
      while (line.length < this.column) line.push({ char: ' ', colour: null, bold: false });
      line[this.column++] = { char, colour, bold };
    }
  }

  private control(letter: string, argument: string): void {
    const count = Number(argument);
    switch (letter) {
      case 'A':
        this.moveTo(this.row - (count || 1));
        break;
      case 'B':
        this.moveTo(this.row + (count || 1));
        break;
      case 'G':
        this.column = (count || 1) - 1;
        break;
      case 'K':
        this.lines[this.row] = count === 2 ? [] : (this.lines[this.row] ?? []).slice(0, this.column);
        break;
      case 'm':
        argument.split(';').forEach((number) => this.style(Number(number)));
        break;
      default:
        throw new Error(`the recording holds the escape code '${letter}', which is not known here`);
    }
  }

  private style(number: number): void {
    if (number === 0) [this.colour, this.bold] = [null, false];
    else if (number === 1) this.bold = true;
    else if (number === 22) this.bold = false;
    else if (number === 39) this.colour = null;
    else if (number >= FIRST_COLOUR && number < FIRST_COLOUR + 8) this.colour = number - FIRST_COLOUR;
    else if (number >= FIRST_BRIGHT && number < FIRST_BRIGHT + 8) this.colour = number - FIRST_BRIGHT;
  }

  private moveTo(row: number): void {
    this.row = Math.max(0, row);
    while (this.lines.length <= this.row) this.lines.push([]);
  }
}
