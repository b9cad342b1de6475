using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace Proxyless.Tests.Reports;

/// <summary>
/// Sees what a page does from the moment that it is made: errors of its scripts, and what it asks for.
/// </summary>
public sealed class PageWitness
{
    private readonly IPage _page;
    private readonly List<string> _errors = [];
    private readonly List<string> _requests = [];

    public PageWitness(IPage page)
    {
        _page = page;
        page.Console += (_, message) => _errors.AddRange(message.Type is "error" or "warning" ? [message.Text] : []);
        page.PageError += (_, error) => _errors.Add(error);
        page.Request += (_, request) => _requests.AddRange(request.Url.StartsWith("data:") ? [] : [request.Url]);
    }

    /// <summary>What it has asked for, but for what stands in the page itself.</summary>
    public IReadOnlyList<string> Requests => _requests;

    /// <summary>
    /// Nothing of the page is wider than the window (wide figures scroll in boxes of their own), axe-core finds nothing
    /// above "minor", and no script has failed.
    /// </summary>
    /// <param name="width">The window's width in pixels.</param>
    public async Task AssertSoundAsync(int width)
    {
        Assert.Equal(width, await _page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        AxeResult findings = await _page.RunAxe();
        Assert.Empty(
            findings
                .Violations.Where(violation => violation.Impact != "minor")
                .Select(violation => $"{violation.Id}: {violation.Nodes[0].Html}")
        );
        Assert.Empty(_errors);
    }
}
