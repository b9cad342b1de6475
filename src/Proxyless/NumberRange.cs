using System.Globalization;

namespace Proxyless;

/// <summary>The numbers that an option takes, both ends among them.</summary>
/// <param name="Least">The least.</param>
/// <param name="Most">The most.</param>
/// <param name="IsWhole">Whether they are whole.</param>
/// <param name="Note">What a reader of a message should know beside the ends: the unit, or why; may be empty.</param>
public sealed record NumberRange(double Least, double Most, bool IsWhole = false, string Note = "")
{
    // The least number that any option takes is 1e-9.
    private const string WithoutExponent = "0.#########";

    /// <summary>Whether a number is one of them; NaN never is.</summary>
    public bool Contains(double number) => number >= Least && number <= Most && (!IsWhole || double.IsInteger(number));

    /// <summary>For messages, after "allowed are".</summary>
    public override string ToString() =>
        $"{(IsWhole ? "whole numbers" : "numbers")} from {Text(Least)} to "
        + $"{Text(Most)}{(Note.Length > 0 ? $" ({Note})" : "")}";

    private static string Text(double number) => number.ToString(WithoutExponent, CultureInfo.InvariantCulture);
}
