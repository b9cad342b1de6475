using System.Globalization;

namespace Proxyless.Runs;

/// <summary>Checks the numbers of an options type and words the errors.</summary>
/// <param name="owner">The options' type, which messages name before the property.</param>
/// <param name="ranges">The numbers that each property accepts.</param>
internal sealed class OptionRanges(string owner, IReadOnlyDictionary<string, NumberRange> ranges)
{
    /// <summary>Checks a number; null stands for one that the run chooses.</summary>
    /// <exception cref="InvalidInputException">It is out of the range of its property.</exception>
    public void Require(string property, double? value)
    {
        if (value is { } given && !ranges[property].Contains(given))
        {
            throw Refuse(property, given.ToString(CultureInfo.InvariantCulture), $"{ranges[property]}");
        }
    }

    /// <summary>Creates the exception for a value that is out of range.</summary>
    /// <param name="property">The property.</param>
    /// <param name="value">Its value.</param>
    /// <param name="allowed">The allowed values.</param>
    public InvalidInputException Refuse(string property, string value, string allowed) =>
        new($"{owner}.{property} = {value} is out of range; allowed are {allowed}")
        {
            Property = $"{owner}.{property}",
            Value = value,
        };
}
