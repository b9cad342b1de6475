namespace Proxyless.Files;

/// <summary>The beginning of a text that has too little room.</summary>
internal static class TextBeginning
{
    /// <summary>The first characters, without half of an emoji, or of another pair of surrogates.</summary>
    /// <param name="text">The text.</param>
    /// <param name="most">The most characters.</param>
    public static string Of(string text, int most)
    {
        int length = Math.Clamp(most, 0, text.Length);
        bool isHalf = length > 0 && length < text.Length && char.IsHighSurrogate(text[length - 1]);
        return text[..(isHalf ? length - 1 : length)];
    }
}
