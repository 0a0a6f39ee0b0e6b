import type { EChartsCoreOption } from 'echarts/core';
import { escaped } from '../markup.ts';
import { PALETTE, colour } from './palette.ts';

/** A chart before it is drawn. */
export interface Chart {
  /** What a person who does not see it is told. */
  label: string;
  width: number;
  height: number;
  option: EChartsCoreOption;
}

/** Returns a chart as one `<svg>` element without ids, styles or scripts. */
export type Draw = (chart: Chart) => string;

const BASE = {
  animation: false,
  backgroundColor: 'transparent',
  textStyle: { fontSize: 11, fontFamily: 'sans-serif', color: colour('muted') },
};

/** Loads the library and returns what draws with it: ECharts on the server, as SVG. The same chart gives the same text. */
export async function createDraw(): Promise<Draw> {
  const [core, { CustomChart, LineChart }, { GridComponent }, { SVGRenderer }] =
    await Promise.all([import('echarts/core'), import('echarts/charts'), import('echarts/components'), import('echarts/renderers')]);
  core.use([CustomChart, LineChart, GridComponent, SVGRenderer]);
  return ({ label, width, height, option }) => {
    const chart = core.init(null, null, { renderer: 'svg', ssr: true, width, height });
    try {
      chart.setOption({ ...BASE, ...option });
      return tidy(chart.renderToSVGString(), label, width, height);
    } finally {
      chart.dispose();
    }
  };
}

const NAMES = new Map(Object.entries(PALETTE).map(([name, [light]]) => [light.toLowerCase(), name]));

/**
 * Makes what the library gives fit for a page with a strict policy and two colour schemes: no style elements or attributes, no
 * ids that another chart may have, colours by custom property, coordinates to a tenth of a pixel.
 */
function tidy(svg: string, label: string, width: number, height: number): string {
  const inside = svg
    .replace(/^[\s\S]*?<svg[^>]*>/, '')
    .replace(/<\/svg>\s*$/, '')
    .replace(/<style\b[\s\S]*?<\/style>/g, '')
    // Clipping is by ids, numbered through the process; every axis here holds all of its values, so nothing has to be clipped.
    .replace(/<defs\b[\s\S]*?<\/defs>/g, '')
    .replace(/<rect [^>]*fill="none"[^>]*><\/rect>/g, '')
    .replace(/ style="([^"]*)"/g, (_, style: string) => {
      const size = /font-size:\s*([\d.]+)px/.exec(style)?.[1];
      const weight = /font-weight:\s*(\w+)/.exec(style)?.[1];
      return `${size === undefined ? '' : ` font-size="${size}"`}${weight === undefined ? '' : ` font-weight="${weight}"`}`;
    })
    .replace(/ (?:class|clip-path|xml:space|pointer-events|paint-order|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/ d="[^"]*"/g, (path) => path.replace(/(\d\.\d)\d+/g, '$1'))
    .replace(/ (fill|stroke)="(#[0-9a-f]{6})"/gi, (whole, key: string, hex: string) => {
      const name = NAMES.get(hex.toLowerCase());
      return name === undefined ? whole : ` ${key}="var(--${name},${hex})"`;
    })
    .replace(/\n\s*/g, '');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}" `
    + `font-family="system-ui,sans-serif">${inside}</svg>`;
}
