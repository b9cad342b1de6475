using System.Globalization;
using System.Runtime.CompilerServices;

namespace Proxyless;

/// <summary>Texts that do not depend on the current culture.</summary>
internal static class InvariantText
{
    /// <summary>
    /// Formats an interpolated text, possibly of several literals, with numbers in the invariant culture.
    /// </summary>
    public static string Invariant(InvariantHandler text) => text.ToTextAndClear();

    /// <summary>The compiler's target for an interpolated text.</summary>
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

        /// <summary>Returns the whole text.</summary>
        public string ToTextAndClear() => _text.ToStringAndClear();
    }
}
