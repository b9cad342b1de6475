using System.Globalization;
using System.Runtime.CompilerServices;

namespace Proxyless;

/// <summary>Texts that are the same whatever culture a program has set.</summary>
internal static class InvariantText
{
    /// <summary>
    /// An interpolated text, which may go over several literals, with numbers as the invariant culture writes them.
    /// </summary>
    public static string Invariant(InvariantHandler text) => text.ToTextAndClear();

    /// <summary>What the compiler makes of an interpolated text.</summary>
    [InterpolatedStringHandler]
    internal ref struct InvariantHandler(int literalLength, int formattedCount)
    {
        private DefaultInterpolatedStringHandler _text = new(
            literalLength,
            formattedCount,
            CultureInfo.InvariantCulture
        );

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

        /// <summary>The whole text.</summary>
        public string ToTextAndClear() => _text.ToStringAndClear();
    }
}
