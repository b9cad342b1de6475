using System.Globalization;

namespace Proxyless;

/// <summary>The numbers that an option accepts, both ends included.</summary>
/// <param name="Least">The lowest.</param>
/// <param name="Most">The highest.</param>
/// <param name="IsWhole">Whether they must be whole numbers.</param>
/// <param name="Note">What a message should say besides the ends: the unit, or the reason; may be empty.</param>
public sealed record NumberRange(double Least, double Most, bool IsWhole = false, string Note = "")
{
    // The lowest number that any option accepts is 1e-9.
    private const string WithoutExponent = "0.#########";

    /// <summary>Whether a number is in the range; NaN never is.</summary>
    public bool Contains(double number) => number >= Least && number <= Most && (!IsWhole || double.IsInteger(number));

    /// <summary>For messages, after "allowed are".</summary>
    public override string ToString() =>
        $"{(IsWhole ? "whole numbers" : "numbers")} from {Text(Least)} to "
        + $"{Text(Most)}{(Note.Length > 0 ? $" ({Note})" : "")}";

    private static string Text(double number) => number.ToString(WithoutExponent, CultureInfo.InvariantCulture);
}
